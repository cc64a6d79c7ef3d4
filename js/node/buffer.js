// node:buffer: the package buffer, with what it lacks.
const { Buffer, SlowBuffer, kMaxLength, INSPECT_MAX_BYTES } = require('../buffer/index.js')

// Base64 for URLs: characters of their own, and no padding.
const { isEncoding, from, byteLength } = Buffer
const { toString, write } = Buffer.prototype
const isUrl = (encoding) => typeof encoding === 'string' && encoding.toLowerCase() === 'base64url'

Buffer.isEncoding = (encoding) => isUrl(encoding) || isEncoding(encoding)
Buffer.from = (value, encoding, length) => from(value, isUrl(encoding) ? 'base64' : encoding, length)
Buffer.byteLength = (value, encoding) => byteLength(value, isUrl(encoding) ? 'base64' : encoding)
Buffer.prototype.toString = function (encoding, start, end) {
  if (!isUrl(encoding)) return toString.apply(this, arguments)
  return toString.call(this, 'base64', start, end).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
Buffer.prototype.write = function (text, offset, length, encoding) {
  return write.apply(this, Array.from(arguments, (argument) => (isUrl(argument) && argument !== text ? 'base64' : argument)))
}

module.exports = {
  Buffer,
  SlowBuffer,
  kMaxLength,
  INSPECT_MAX_BYTES,
  constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 0x3fffffff },
  atob: globalThis.atob,
  btoa: globalThis.btoa,
  isUtf8(bytes) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes) !== undefined
    } catch {
      return false
    }
  },
  isAscii: (bytes) => new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength).every((byte) => byte < 128),
  get Blob() {
    return Blob
  },
  get File() {
    return File
  },
}
