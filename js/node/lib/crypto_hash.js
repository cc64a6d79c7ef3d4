// Hash and Hmac of node:crypto.
import { Buffer } from 'buffer'
import { md5, ripemd160, sha1 } from '../../noble-hashes/legacy.js'
import { sha224, sha256, sha384, sha512, sha512_256 } from '../../noble-hashes/sha2.js'
import { hmac } from '../../noble-hashes/hmac.js'

const hashes = {
  md5, ripemd160, rmd160: ripemd160, sha1, sha224, sha256, sha384, sha512, 'sha512-256': sha512_256,
}

export function find(name) {
  const plain = String(name).toLowerCase()
  const found = hashes[plain.replace(/^rsa-/, '')] ?? hashes[plain.replace('sha-', 'sha')]
  if (!found) throw Object.assign(new Error(`Digest method not supported: ${name}`), { code: 'ERR_CRYPTO_INVALID_DIGEST' })
  return found
}

export const getHashes = () => Object.keys(hashes)

export function bytesOf(data, encoding) {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data?.type === 'secret') return data.export()
  throw Object.assign(new TypeError('The data must be a string or bytes'), { code: 'ERR_INVALID_ARG_TYPE' })
}

const encoded = (bytes, encoding) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer
}

const finalized = () => Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' })

// No stream, as in Node: that would be twenty times the code.
class Digest {
  #state
  #done = false
  constructor(state) {
    this.#state = state
  }
  update(data, encoding) {
    if (this.#done) throw finalized()
    this.#state.update(bytesOf(data, encoding))
    return this
  }
  digest(encoding) {
    if (this.#done) throw finalized()
    this.#done = true
    return encoded(this.#state.digest(), encoding)
  }
  copy() {
    if (this.#done) throw finalized()
    return new this.constructor(this.#state.clone())
  }
}

export class Hash extends Digest {}
export class Hmac extends Digest {}

export const createHash = (name) => new Hash(find(name).create())
export const createHmac = (name, key) => new Hmac(hmac.create(find(name), bytesOf(key)))
export const hash = (name, data, encoding = 'hex') => encoded(find(name)(bytesOf(data)), encoding)
