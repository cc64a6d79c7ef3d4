export const handler = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [new Set(bytes).size > 8, crypto.randomUUID()]
}
