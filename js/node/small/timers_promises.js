// node:timers/promises
function wait(start, stop, value, { signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      stop(timer)
      reject(signal.reason)
    }
    const timer = start(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

export const setTimeout = (ms, value, options) => wait((done) => globalThis.setTimeout(done, ms), clearTimeout, value, options)
export const setImmediate = (value, options) => setTimeout(0, value, options)
export async function* setInterval(ms, value, options) {
  for (;;) yield await setTimeout(ms, value, options)
}
export const scheduler = { wait: (ms, options) => setTimeout(ms, undefined, options), yield: () => setImmediate() }

export default { setTimeout, setImmediate, setInterval, scheduler }
