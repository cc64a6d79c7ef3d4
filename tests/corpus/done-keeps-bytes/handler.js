// Nothing changes an answer that was given: not a later write to its buffer,
// and not its transfer to another one, which is dropped and written over.
const cases = {
  '/written': (bytes, done) => {
    done({ body: bytes })
    bytes.fill(66)
  },
  '/transferred': (bytes, done) => {
    done({ body: bytes.subarray(4) })
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    for (let i = 0; i < 20; i++) new Uint8Array(64).fill(66)
  },
  '/in-a-job': (bytes) => {
    queueMicrotask(() => { bytes.fill(66) })
    return bytes.buffer
  },
}
export const handler = ({ path }, context, done) =>
  cases[path](new Uint8Array(16).fill(65), done)
