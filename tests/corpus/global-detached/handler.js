// What was transferred has no bytes: as in browsers and in Node.
const transferred = (size = 4) => {
  const bytes = new Uint8Array(size).fill(65)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}
const view = new DataView(new ArrayBuffer(4))
structuredClone(view.buffer, { transfer: [view.buffer] })
const name = (work) => {
  try { work(); return 'none' } catch (error) { return error.name }
}

export const handler = () => {
  const stream = new TextDecoder()
  stream.decode(new Uint8Array([0xe2, 0x82]), { stream: true })
  return [
    new TextDecoder().decode(transferred()),
    new TextDecoder().decode(transferred().buffer),
    new TextDecoder().decode(view),
    new TextDecoder('utf-16le', { fatal: true }).decode(transferred()),
    stream.decode(transferred()),
    new TextEncoder().encodeInto('abc', transferred()),
    crypto.getRandomValues(transferred()).length,
    name(() => structuredClone(transferred())),
    name(() => structuredClone(view)),
    name(() => structuredClone(view.buffer, { transfer: [view.buffer] })),
  ]
}
