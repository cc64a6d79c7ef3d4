// node:async_hooks: AsyncLocalStorage for one run at a time, as a request is.
// The engine does not follow who waits for what: a run that overlaps another
// may see the other's store: a warning says so.
const isPromise = (value) => typeof value?.then === 'function'

export class AsyncLocalStorage {
  #runs = []

  static bind(work) {
    return work
  }
  static snapshot() {
    return (work, ...args) => work(...args)
  }
  getStore() {
    return this.#runs.at(-1)?.store
  }
  enterWith(store) {
    this.#runs = [{ store }]
  }
  disable() {
    this.#runs = []
  }
  exit(work, ...args) {
    return this.run(undefined, work, ...args)
  }
  run(store, work, ...args) {
    const run = { store }
    const end = () => {
      const at = this.#runs.indexOf(run)
      if (at >= 0 && at < this.#runs.length - 1)
        console.warn('AsyncLocalStorage: two runs overlapped, so getStore may have given the wrong store: isère keeps one at a time')
      if (at >= 0) this.#runs.splice(at, 1)
    }
    this.#runs.push(run)
    let result
    try {
      result = work(...args)
    } catch (error) {
      end()
      throw error
    }
    if (!isPromise(result)) {
      end()
      return result
    }
    return result.then(
      (value) => (end(), value),
      (error) => {
        end()
        throw error
      }
    )
  }
}

export class AsyncResource {
  constructor(type) {
    this.type = type
  }
  static bind(work, _type, that) {
    return that === undefined ? work : work.bind(that)
  }
  bind(work) {
    return AsyncResource.bind(work)
  }
  runInAsyncScope(work, that, ...args) {
    return work.apply(that, args)
  }
  emitDestroy() {
    return this
  }
  asyncId() {
    return 1
  }
  triggerAsyncId() {
    return 0
  }
}

export const executionAsyncId = () => 1
export const triggerAsyncId = () => 0
export const executionAsyncResource = () => ({})
export const createHook = () => ({ enable() { return this }, disable() { return this } })

export default { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId }
