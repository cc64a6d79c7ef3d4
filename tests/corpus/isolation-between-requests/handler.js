let count = 0
const map = new Map()
globalThis.global = 0
export const handler = () => {
  map.set(Math.random(), 1)
  Object.prototype.leak = (Object.prototype.leak ?? 0) + 1
  Array.prototype.push = null
  globalThis.fresh = (globalThis.fresh ?? 0) + 1
  return [++count, map.size, ++global, {}.leak, fresh]
}
