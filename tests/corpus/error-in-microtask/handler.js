export const handler = () => {
  queueMicrotask(() => { throw new Error('from the microtask') })
  return new Promise(resolve => setTimeout(resolve, 5, 'late'))
}
