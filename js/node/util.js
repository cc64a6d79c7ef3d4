// node:util, as far as packages use it.
import { inspect, format } from './lib/inspect.js'
import * as types from './types.js'
import { isDeepStrictEqual } from './lib/equal.js'

export { inspect, format, types, isDeepStrictEqual }
export const TextEncoder = globalThis.TextEncoder
export const TextDecoder = globalThis.TextDecoder

export function inherits(constructor, base) {
  Object.defineProperty(constructor, 'super_', { value: base, writable: true, configurable: true })
  Object.setPrototypeOf(constructor.prototype, base.prototype)
}

const custom = Symbol.for('nodejs.util.promisify.custom')

export function promisify(original) {
  if (typeof original !== 'function') throw new TypeError('util.promisify takes a function')
  if (original[custom]) return original[custom]
  function promised(...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)))
    })
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original))
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original))
}
promisify.custom = custom

export function callbackify(original) {
  return function (...args) {
    const done = args.pop()
    original.apply(this, args).then(
      (value) => queueMicrotask(() => done(null, value)),
      (error) => queueMicrotask(() => done(error ?? new Error('the promise was rejected without a reason')))
    )
  }
}

export function deprecate(original, message, code) {
  let warned = false
  function deprecated(...args) {
    if (!warned) console.warn(`${code ? `[${code}] ` : ''}DeprecationWarning: ${message}`)
    warned = true
    return new.target ? Reflect.construct(original, args, new.target) : original.apply(this, args)
  }
  Object.setPrototypeOf(deprecated, original)
  if (original.prototype) deprecated.prototype = original.prototype
  return deprecated
}

export function debuglog() {
  return Object.assign(() => {}, { enabled: false })
}
export const debug = debuglog

export function stripVTControlCharacters(text) {
  return String(text).replace(/[\u001b\u009b][[\]()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g, '')
}

export function toUSVString(text) {
  return String(text).toWellFormed()
}

export function styleText(_format, text) {
  return String(text)
}

export function aborted(signal) {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))
}

export const isArray = Array.isArray

export default {
  TextDecoder, TextEncoder, aborted, callbackify, debug, debuglog, deprecate, format, inherits, inspect, isArray,
  isDeepStrictEqual, promisify, stripVTControlCharacters, styleText, toUSVString, types,
}
