// AbortController and AbortSignal (DOM section 3).
(function (host) {
  'use strict'
  const { exception, handler, need, setTimeout, shape } = host
  const { Event, EventTarget, fire } = host.load('event')
  const key = { __proto__: null } // who has it may construct a signal
  const asked = (reason) => (reason === undefined ? exception('This operation was aborted', 'AbortError') : reason)
  const list = (values) => {
    const all = []
    for (const value of values) all[all.length] = value
    return all
  }
  let abort, depend, isSignal, isAborted, reasonOf, whenAborted

  class AbortSignal extends EventTarget {
    #aborted = false
    #reason
    #steps = []
    #sources = null // of a signal that AbortSignal.any made
    #dependents = null
    constructor(given) {
      if (given !== key) throw new TypeError('AbortSignal can\'t be constructed: use an AbortController')
      super()
    }
    static abort(reason = undefined) {
      const signal = new AbortSignal(key)
      signal.#aborted = true
      signal.#reason = asked(reason)
      return signal
    }
    static timeout(milliseconds) {
      need(arguments.length, 1, 'AbortSignal.timeout')
      const ms = +milliseconds
      if (!(ms >= 0 && ms <= 9007199254740991)) throw new TypeError('AbortSignal.timeout needs a number of milliseconds')
      const signal = new AbortSignal(key)
      setTimeout(() => abort(signal, exception('The operation was aborted due to timeout', 'TimeoutError')), ms)
      return signal
    }
    static any(signals) {
      need(arguments.length, 1, 'AbortSignal.any')
      const all = list(signals)
      for (let i = 0; i < all.length; i++) {
        if (!isSignal(all[i])) throw new TypeError('AbortSignal.any needs signals')
      }
      return depend(all)
    }
    get aborted() { return this.#aborted }
    get reason() { return this.#reason }
    throwIfAborted() { if (this.#aborted) throw this.#reason }
    static {
      isSignal = (value) => typeof value === 'object' && value !== null && #aborted in value
      isAborted = (signal) => signal.#aborted
      reasonOf = (signal) => signal.#reason
      whenAborted = (signal, step) => {
        if (signal.#aborted) step()
        else signal.#steps[signal.#steps.length] = step
      }
      depend = (all) => {
        const signal = new AbortSignal(key)
        for (let i = 0; i < all.length; i++) {
          if (all[i].#aborted) {
            signal.#aborted = true
            signal.#reason = all[i].#reason
            return signal
          }
        }
        signal.#sources = []
        for (let i = 0; i < all.length; i++) {
          // A signal that depends on others is stood for by those.
          const from = all[i].#sources ?? [all[i]]
          for (let j = 0; j < from.length; j++) {
            signal.#sources[signal.#sources.length] = from[j]
            const dependents = (from[j].#dependents ??= [])
            dependents[dependents.length] = signal
          }
        }
        return signal
      }
      abort = (signal, reason) => {
        if (signal.#aborted) return
        signal.#aborted = true
        signal.#reason = asked(reason)
        // All are aborted before any code runs.
        const all = [signal]
        const dependents = signal.#dependents ?? []
        for (let i = 0; i < dependents.length; i++) {
          const other = dependents[i]
          if (other.#aborted) continue
          other.#aborted = true
          other.#reason = signal.#reason
          all[all.length] = other
        }
        for (let i = 0; i < all.length; i++) {
          const steps = all[i].#steps
          all[i].#steps = []
          for (let j = 0; j < steps.length; j++) steps[j]()
          fire(all[i], new Event('abort'))
        }
      }
    }
  }
  shape(AbortSignal, 'AbortSignal')
  handler(AbortSignal, 'abort')

  let isController, signalOf
  class AbortController {
    #signal = new AbortSignal(key)
    get signal() { return this.#signal }
    abort(reason = undefined) { abort(this.#signal, reason) }
    static {
      isController = (value) => typeof value === 'object' && value !== null && #signal in value
      signalOf = (controller) => controller.#signal
    }
  }
  shape(AbortController, 'AbortController')
  host.clonable(isSignal, undefined, (signal) => ({ __proto__: null, aborted: isAborted(signal) }))
  host.clonable(isController, undefined, (controller) => ({ __proto__: null, signal: signalOf(controller) }))

  return { AbortController, AbortSignal, abort, any: (signal) => depend([signal]), fresh: () => new AbortSignal(key), isSignal, isAborted, reasonOf, whenAborted }
})
