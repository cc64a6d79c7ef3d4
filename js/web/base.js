// What the other parts share: builtins as they were when the first part was
// loaded, and what makes a class look as Web IDL wants it.
(function (host) {
  'use strict'
  const { apply, construct, ownKeys } = Reflect
  const { defineProperty, getOwnPropertyDescriptor } = Object
  const tag = Symbol.toStringTag
  host.taken = {
    apply,
    construct,
    ownKeys,
    defineProperty,
    defineProperties: Object.defineProperties,
    setPrototypeOf: Object.setPrototypeOf,
    iterator: Symbol.iterator,
    asyncIterator: Symbol.asyncIterator,
  }
  function enumerate(object, skip) {
    for (const key of ownKeys(object)) {
      if (typeof key === 'string' && !skip[key]) defineProperty(object, key, { enumerable: true })
    }
  }
  // Members are enumerable, and there is a tag.
  host.shape = (Class, name) => {
    enumerate(Class, { __proto__: null, length: true, name: true, prototype: true })
    enumerate(Class.prototype, { __proto__: null, constructor: true })
    defineProperty(Class.prototype, tag, { value: name, configurable: true })
    return Class
  }
  host.need = (count, least, what) => {
    if (count < least) throw new TypeError(`${what}: needs ${least} argument${least === 1 ? '' : 's'}, got ${count}`)
  }
  // A dictionary of options: null and undefined are an empty one.
  host.dictionary = (value, what) => {
    if (value === undefined || value === null) return { __proto__: null }
    if (typeof value !== 'object' && typeof value !== 'function') {
      throw new TypeError(`${what} must be an object`)
    }
    return value
  }
  host.URL = globalThis.URL
  host.structuredClone = globalThis.structuredClone
  // TextDecoder as it was.
  const { TextDecoder } = globalThis
  host.decoder = (label, options) => new TextDecoder(label, { __proto__: null, fatal: !!options.fatal, ignoreBOM: !!options.ignoreBOM })
  // Adds to a list, whatever became of Array.prototype.
  host.append = (list, value) => {
    defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true })
  }
  // What structuredClone and console make of a part's objects: a copy, and an
  // object of what is shown. Without `copy` they can't be cloned. A class comes
  // behind those that it extends. One that can be transferred has `shell`, which
  // makes an empty object, or null once it is empty itself, and `move` into that.
  const kinds = []
  host.clonable = (is, copy, show, shell, move) => {
    host.append(kinds, { is, copy, show, shell, move })
  }
  function kindOf(object) {
    for (let i = kinds.length - 1; i >= 0; i--) if (kinds[i].is(object)) return kinds[i]
  }
  host.clone = (object) => {
    const kind = kindOf(object)
    return kind && (kind.copy ? kind.copy(object) : null)
  }
  host.shell = (object) => kindOf(object)?.shell?.(object)
  host.move = (from, to) => kindOf(from).move(from, to)
  host.show = (object) => kindOf(object)?.show?.(object)
  // A DOMException.
  host.exception = (message, name) => host.load('exception').create(message, name)
  // An accessor `on<type>` of an EventTarget's class.
  host.handler = (Class, type) => {
    const { handler, setHandler } = host.load('event')
    defineProperty(Class.prototype, `on${type}`, {
      get: { get() { return handler(this, type) } }.get,
      set: { set(value) { setHandler(this, type, value) } }.set,
      enumerable: true,
      configurable: true,
    })
  }
  return host
})
