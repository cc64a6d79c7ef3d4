const transferred = () => {
  const bytes = new Uint8Array(4)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}
export const handler = (event) => event.path === '/view' ? transferred() : { body: transferred().buffer }
