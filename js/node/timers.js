// node:timers
export const setTimeout = globalThis.setTimeout
export const clearTimeout = globalThis.clearTimeout
export const setInterval = globalThis.setInterval
export const clearInterval = globalThis.clearInterval
export const setImmediate = (work, ...args) => globalThis.setTimeout(work, 0, ...args)
export const clearImmediate = (timer) => globalThis.clearTimeout(timer)

export default { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate }
