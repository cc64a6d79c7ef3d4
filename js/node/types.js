// node:util/types: what a value is, whatever heap or prototype it has.
const tag = (value) => Object.prototype.toString.call(value).slice(8, -1)
const has = (name) => (value) => typeof value === 'object' && value !== null && tag(value) === name
const TypedArray = Object.getPrototypeOf(Uint8Array)
const typedName = Object.getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get
const typed = (name) => (value) => typedName.call(value) === name

export const isArgumentsObject = has('Arguments')
export const isArrayBuffer = has('ArrayBuffer')
export const isSharedArrayBuffer = has('SharedArrayBuffer')
export const isAnyArrayBuffer = (value) => isArrayBuffer(value) || isSharedArrayBuffer(value)
export const isArrayBufferView = ArrayBuffer.isView
export const isAsyncFunction = (value) => typeof value === 'function' && /^Async/.test(tag(value))
export const isBigInt64Array = typed('BigInt64Array')
export const isBigUint64Array = typed('BigUint64Array')
export const isBoxedPrimitive = (value) =>
  typeof value === 'object' && value !== null && ['Number', 'String', 'Boolean', 'BigInt', 'Symbol'].includes(tag(value))
export const isDataView = has('DataView')
export const isDate = has('Date')
export const isFloat32Array = typed('Float32Array')
export const isFloat64Array = typed('Float64Array')
export const isGeneratorFunction = (value) => typeof value === 'function' && /GeneratorFunction$/.test(tag(value))
export const isGeneratorObject = has('Generator')
export const isInt16Array = typed('Int16Array')
export const isInt32Array = typed('Int32Array')
export const isInt8Array = typed('Int8Array')
export const isMap = has('Map')
export const isNativeError = (value) => value instanceof Error
export const isPromise = has('Promise')
export const isProxy = () => false
export const isRegExp = has('RegExp')
export const isSet = has('Set')
export const isTypedArray = (value) => typedName.call(value) !== undefined
export const isUint16Array = typed('Uint16Array')
export const isUint32Array = typed('Uint32Array')
export const isUint8Array = typed('Uint8Array')
export const isUint8ClampedArray = typed('Uint8ClampedArray')
export const isWeakMap = has('WeakMap')
export const isWeakSet = has('WeakSet')
