// DOMException (Web IDL section 4.3): an Error with a stack, whose name and
// message are not its own properties.
(function (host) {
  'use strict'
  const { construct, defineProperty, defineProperties, setPrototypeOf } = host.taken
  const { captureStackTrace } = Error
  const { getOwnPropertyDescriptor } = Object
  const names = [
    'IndexSizeError', , 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', ,
    'NoModificationAllowedError', 'NotFoundError', 'NotSupportedError', 'InUseAttributeError',
    'InvalidStateError', 'SyntaxError', 'InvalidModificationError', 'NamespaceError',
    'InvalidAccessError', , 'TypeMismatchError', 'SecurityError', 'NetworkError', 'AbortError',
    'URLMismatchError', 'QuotaExceededError', 'TimeoutError', 'InvalidNodeTypeError', 'DataCloneError',
  ]
  const constants = [
    'INDEX_SIZE', 'DOMSTRING_SIZE', 'HIERARCHY_REQUEST', 'WRONG_DOCUMENT', 'INVALID_CHARACTER',
    'NO_DATA_ALLOWED', 'NO_MODIFICATION_ALLOWED', 'NOT_FOUND', 'NOT_SUPPORTED', 'INUSE_ATTRIBUTE',
    'INVALID_STATE', 'SYNTAX', 'INVALID_MODIFICATION', 'NAMESPACE', 'INVALID_ACCESS', 'VALIDATION',
    'TYPE_MISMATCH', 'SECURITY', 'NETWORK', 'ABORT', 'URL_MISMATCH', 'QUOTA_EXCEEDED', 'TIMEOUT',
    'INVALID_NODE_TYPE', 'DATA_CLONE',
  ]
  // Puts private fields on an object that exists already.
  class Given { constructor(object) { return object } }
  class Fields extends Given {
    #name
    #message
    constructor(object, message, name) {
      super(object)
      this.#name = name
      this.#message = message
    }
    static name(object) { return object.#name }
    static message(object) { return object.#message }
    static has(object) { return #name in object }
  }
  function check(object) {
    if (typeof object !== 'object' || object === null || !Fields.has(object)) {
      throw new TypeError('not a DOMException')
    }
    return object
  }
  function code(name) {
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i + 1
    return 0
  }
  // The stack begins at the caller of `top`.
  function make(message, name, target, top) {
    const error = construct(Error, [], target)
    captureStackTrace(error, top)
    new Fields(error, message, name)
    return error
  }
  const create = (message, name) => make(message, name, DOMException, create)
  function DOMException(message = '', name = 'Error') {
    if (!new.target) throw new TypeError("DOMException's constructor needs 'new'")
    return make(`${message}`, `${name}`, new.target, DOMException)
  }
  const prototype = DOMException.prototype
  setPrototypeOf(prototype, Error.prototype)
  defineProperty(DOMException, 'prototype', { writable: false })
  defineProperties(prototype, {
    constructor: { value: DOMException, writable: true, enumerable: false, configurable: true },
    name: { get() { return Fields.name(check(this)) }, configurable: true },
    message: { get() { return Fields.message(check(this)) }, configurable: true },
    code: { get() { return code(Fields.name(check(this))) }, configurable: true },
  })
  host.shape(DOMException, 'DOMException')
  for (let i = 0; i < constants.length; i++) {
    const constant = { value: i + 1, enumerable: true }
    defineProperty(DOMException, `${constants[i]}_ERR`, constant)
    defineProperty(prototype, `${constants[i]}_ERR`, constant)
  }
  host.clonable(Fields.has, (error) => {
    const copy = make(Fields.message(error), Fields.name(error), DOMException, make)
    const stack = getOwnPropertyDescriptor(error, 'stack')
    if (stack && typeof stack.value === 'string') defineProperty(copy, 'stack', { value: stack.value })
    return copy
  })
  return {
    DOMException,
    create,
    is: Fields.has,
    name: Fields.name,
    message: Fields.message,
  }
})
