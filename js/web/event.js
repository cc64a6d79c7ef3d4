// Event, CustomEvent, ErrorEvent, PromiseRejectionEvent, MessageEvent and
// EventTarget (DOM sections 2.2 to 2.8). There is no tree: an event's path is
// its target.
(function (host) {
  'use strict'
  const { apply, defineProperty } = host.taken
  const { append, dictionary, need, now, report, shape } = host
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'
  let trust, begin, end, isEvent, isDispatched, isOver, isCanceled, setPassive, show
  const trusted = {
    get: Object.getOwnPropertyDescriptor({ get isTrusted() { return isTrusted(this) } }, 'isTrusted').get,
    enumerable: true,
  }
  let isTrusted

  class Event {
    #type
    #bubbles
    #cancelable
    #composed
    #time
    #target = null
    #current = null
    #phase = 0
    #trusted = false
    #dispatched = false
    #stopped = false
    #over = false
    #canceled = false
    #passive = false
    #initialized = true
    constructor(type, init = undefined) {
      need(arguments.length, 1, 'new Event')
      this.#type = `${type}`
      init = dictionary(init, "Event's second argument")
      this.#bubbles = !!init.bubbles
      this.#cancelable = !!init.cancelable
      this.#composed = !!init.composed
      this.#time = now()
      defineProperty(this, 'isTrusted', trusted)
    }
    get type() { return this.#type }
    get target() { return this.#target }
    get srcElement() { return this.#target }
    get currentTarget() { return this.#current }
    composedPath() { return this.#current === null ? [] : [this.#current] }
    get eventPhase() { return this.#phase }
    stopPropagation() { this.#stopped = true }
    get cancelBubble() { return this.#stopped }
    set cancelBubble(value) { if (value) this.#stopped = true }
    stopImmediatePropagation() { this.#stopped = this.#over = true }
    get bubbles() { return this.#bubbles }
    get cancelable() { return this.#cancelable }
    get returnValue() { return !this.#canceled }
    set returnValue(value) { if (!value) this.preventDefault() }
    preventDefault() { if (this.#cancelable && !this.#passive) this.#canceled = true }
    get defaultPrevented() { return this.#canceled }
    get composed() { return this.#composed }
    get timeStamp() { return this.#time }
    initEvent(type, bubbles = false, cancelable = false) {
      need(arguments.length, 1, 'initEvent')
      type = `${type}`
      if (this.#dispatched) return
      this.#initialized = true
      this.#stopped = this.#over = this.#canceled = false
      this.#trusted = false
      this.#target = null
      this.#type = type
      this.#bubbles = !!bubbles
      this.#cancelable = !!cancelable
    }
    static {
      isTrusted = (event) => event.#trusted
      trust = (event) => { event.#trusted = true; return event }
      isEvent = (value) => isObject(value) && #type in value
      isDispatched = (event) => event.#dispatched || !event.#initialized
      begin = (event, target) => {
        event.#dispatched = true
        event.#target = event.#current = target
        event.#phase = 2
        return event.#stopped
      }
      end = (event) => {
        event.#phase = 0
        event.#current = null
        event.#dispatched = event.#stopped = event.#over = false
        return !event.#canceled
      }
      isOver = (event) => event.#over
      show = (event) => ({
        __proto__: null, type: event.#type, defaultPrevented: event.#canceled, cancelable: event.#cancelable, timeStamp: event.#time,
      })
      isCanceled = (event) => event.#canceled
      setPassive = (event, passive) => { event.#passive = passive }
    }
  }
  shape(Event, 'Event')
  const phases = ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE']
  for (let i = 0; i < phases.length; i++) {
    defineProperty(Event, phases[i], { value: i, enumerable: true })
    defineProperty(Event.prototype, phases[i], { value: i, enumerable: true })
  }

  class CustomEvent extends Event {
    #detail
    constructor(type, init = undefined) {
      need(arguments.length, 1, 'new CustomEvent')
      super(type, init)
      const detail = dictionary(init, 'init').detail
      this.#detail = detail === undefined ? null : detail
    }
    get detail() { return this.#detail }
    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
      need(arguments.length, 1, 'initCustomEvent')
      if (isDispatched(this)) return
      this.initEvent(type, bubbles, cancelable)
      this.#detail = detail
    }
  }
  shape(CustomEvent, 'CustomEvent')

  class ErrorEvent extends Event {
    #message
    #filename
    #line
    #column
    #error
    constructor(type, init = undefined) {
      need(arguments.length, 1, 'new ErrorEvent')
      super(type, init)
      const { colno = 0, error, filename = '', lineno = 0, message = '' } = dictionary(init, 'init')
      this.#message = `${message}`
      this.#filename = `${filename}`
      this.#line = lineno >>> 0
      this.#column = colno >>> 0
      this.#error = error
    }
    get message() { return this.#message }
    get filename() { return this.#filename }
    get lineno() { return this.#line }
    get colno() { return this.#column }
    get error() { return this.#error }
  }
  shape(ErrorEvent, 'ErrorEvent')

  class PromiseRejectionEvent extends Event {
    #promise
    #reason
    constructor(type, init) {
      need(arguments.length, 2, 'new PromiseRejectionEvent')
      super(type, init)
      const { promise, reason } = dictionary(init, 'init')
      if (!isObject(promise)) throw new TypeError("PromiseRejectionEvent needs a 'promise'")
      this.#promise = promise
      this.#reason = reason
    }
    get promise() { return this.#promise }
    get reason() { return this.#reason }
  }
  shape(PromiseRejectionEvent, 'PromiseRejectionEvent')

  class MessageEvent extends Event {
    #data
    #origin
    #id
    #source
    #ports
    constructor(type, init = undefined) {
      need(arguments.length, 1, 'new MessageEvent')
      super(type, init)
      const { data = null, lastEventId = '', origin = '', ports = [], source = null } = dictionary(init, 'init')
      this.#data = data
      this.#origin = `${origin}`
      this.#id = `${lastEventId}`
      if (source !== null && !isTarget(source)) throw new TypeError("MessageEvent's source is no MessagePort")
      this.#source = source
      this.#ports = Object.freeze([...ports])
    }
    get data() { return this.#data }
    get origin() { return this.#origin }
    get lastEventId() { return this.#id }
    get source() { return this.#source }
    get ports() { return this.#ports }
    initMessageEvent(type, bubbles = false, cancelable = false, data = null, origin = '', id = '', source = null, ports = []) {
      need(arguments.length, 1, 'initMessageEvent')
      if (isDispatched(this)) return
      this.initEvent(type, bubbles, cancelable)
      this.#data = data
      this.#origin = `${origin}`
      this.#id = `${id}`
      this.#source = source
      this.#ports = Object.freeze([...ports])
    }
  }
  shape(MessageEvent, 'MessageEvent')

  // A listener: { type, callback, capture, once, passive, removed, handler }.
  let listenersOf, isTarget
  class EventTarget {
    #listeners = []
    addEventListener(type, callback, options = undefined) {
      const list = listenersOf(this)
      need(arguments.length, 2, 'addEventListener')
      type = `${type}`
      if (callback !== null && callback !== undefined && !isObject(callback)) {
        throw new TypeError('a listener must be an object or a function')
      }
      let capture = false
      let once = false
      let passive = false
      let signal
      if (isObject(options)) {
        capture = !!options.capture
        once = !!options.once
        passive = !!options.passive
        signal = options.signal
        if (signal !== undefined) {
          if (!host.load('abort').isSignal(signal)) throw new TypeError("'signal' is no AbortSignal")
          if (host.load('abort').isAborted(signal)) return
        }
      } else {
        capture = !!options
      }
      if (callback === null || callback === undefined) return
      for (let i = 0; i < list.length; i++) {
        const other = list[i]
        if (other.type === type && other.callback === callback && other.capture === capture) return
      }
      const listener = { type, callback, capture, once, passive, removed: false, handler: false }
      append(list, listener)
      if (signal !== undefined) host.load('abort').whenAborted(signal, () => remove(list, listener))
    }
    removeEventListener(type, callback, options = undefined) {
      const list = listenersOf(this)
      need(arguments.length, 2, 'removeEventListener')
      type = `${type}`
      const capture = isObject(options) ? !!options.capture : !!options
      for (let i = 0; i < list.length; i++) {
        const other = list[i]
        if (other.type === type && other.callback === callback && other.capture === capture && !other.handler) {
          remove(list, other)
          return
        }
      }
    }
    dispatchEvent(event) {
      listenersOf(this)
      need(arguments.length, 1, 'dispatchEvent')
      if (!isEvent(event)) throw new TypeError('dispatchEvent needs an Event')
      if (isDispatched(event)) throw host.exception('the event is being dispatched', 'InvalidStateError')
      return dispatch(this ?? globalThis, event)
    }
    static {
      listenersOf = (target) => target.#listeners
      isTarget = (value) => isObject(value) && #listeners in value
    }
  }
  shape(EventTarget, 'EventTarget')

  function remove(list, listener) {
    listener.removed = true
    let kept = 0
    for (let i = 0; i < list.length; i++) {
      if (list[i] !== listener) list[kept++] = list[i]
    }
    list.length = kept
  }
  function call(target, event, listener) {
    const { callback } = listener
    setPassive(event, listener.passive)
    try {
      if (listener.handler) {
        if (apply(callback, target, [event]) === false) event.preventDefault()
      } else if (typeof callback === 'function') {
        apply(callback, target, [event])
      } else {
        const { handleEvent } = callback
        if (typeof handleEvent !== 'function') throw new TypeError('handleEvent is not a function')
        apply(handleEvent, callback, [event])
      }
    } catch (error) {
      report(error)
    }
    setPassive(event, false)
  }
  // Capturing listeners first. A listener that is added meanwhile waits for the
  // next event.
  function dispatch(target, event) {
    const type = event.type
    const all = listenersOf(target)
    if (!begin(event, target)) {
      const list = []
      for (let i = 0; i < all.length; i++) if (all[i].capture) append(list, all[i])
      for (let i = 0; i < all.length; i++) if (!all[i].capture) append(list, all[i])
      for (let i = 0; i < list.length; i++) {
        const listener = list[i]
        if (listener.type !== type || listener.removed) continue
        if (listener.once) remove(all, listener)
        call(target, event, listener)
        if (isOver(event)) break
      }
    }
    return end(event)
  }
  function findHandler(list, type) {
    for (let i = 0; i < list.length; i++) {
      if (list[i].handler && list[i].type === type) return list[i]
    }
    return null
  }
  host.clonable(isEvent, undefined, show)
  host.clonable(isTarget)
  return {
    Event, CustomEvent, ErrorEvent, PromiseRejectionEvent, MessageEvent, EventTarget,
    // Dispatches an event of the system's own.
    fire: (target, event) => dispatch(target, trust(event)),
    isTarget,
    handler: (target, type) => findHandler(listenersOf(target), type)?.callback ?? null,
    setHandler(target, type, value) {
      const list = listenersOf(target)
      const old = findHandler(list, type)
      const callback = isObject(value) ? value : null
      if (old && typeof callback === 'function') old.callback = callback
      else if (old) remove(list, old)
      else if (typeof callback === 'function') {
        append(list, { type, callback, capture: false, once: false, passive: false, removed: false, handler: true })
      }
    },
  }
})
