// Works in the init phase; in a request only for what is loaded.
await import('./early.js')
export const handler = async () => {
  const early = await import('./early.js')
  const late = await import('./late.js').then(() => 'loaded', () => 'refused')
  return [early.name, late]
}
