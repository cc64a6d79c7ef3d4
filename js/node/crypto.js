// node:crypto without ciphers and keys: hashes, HMAC, derivation, random bytes.
import { Buffer } from 'buffer'
import { createHash, createHmac, getHashes, Hash, Hmac, hash, bytesOf } from './lib/crypto_hash.js'
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from './lib/crypto_derive.js'

export { createHash, createHmac, getHashes, Hash, Hmac, hash, hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync }

export const webcrypto = globalThis.crypto
export const subtle = globalThis.crypto.subtle
export const getRandomValues = (array) => globalThis.crypto.getRandomValues(array)
export const randomUUID = () => globalThis.crypto.randomUUID()

export function randomFillSync(view, offset = 0, size = view.byteLength - offset) {
  const bytes = new Uint8Array(view.buffer ?? view, (view.byteOffset ?? 0) + offset, size)
  for (let at = 0; at < size; at += 65536) getRandomValues(bytes.subarray(at, at + 65536))
  return view
}

// Node's functions with a callback answer later, as these do.
const later = (done, make) => {
  let error = null, value
  try {
    value = make()
  } catch (e) {
    error = e
  }
  setTimeout(() => done(error, value), 0)
}

export function randomFill(view, ...args) {
  const done = args.pop()
  later(done, () => randomFillSync(view, ...args))
}

export function randomBytes(size, done) {
  const make = () => randomFillSync(Buffer.alloc(size))
  if (!done) return make()
  later(done, make)
}
export const pseudoRandomBytes = randomBytes

export function randomInt(min, max, done) {
  if (max === undefined || typeof max === 'function') [min, max, done] = [0, min, max]
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || max <= min || max - min >= 2 ** 48) throw new RangeError('randomInt takes integers, min < max, less than 2 ** 48 apart')
  const make = () => {
    const range = max - min
    for (;;) {
      const n = randomBytes(6).readUIntBE(0, 6)
      // The last numbers, which would come more often, are drawn again.
      if (n < 2 ** 48 - (2 ** 48 % range)) return min + (n % range)
    }
  }
  if (!done) return make()
  later(done, make)
}

// In a time that depends on the length alone.
export function timingSafeEqual(a, b) {
  const [x, y] = [bytesOf(a), bytesOf(b)]
  if (x.length !== y.length) throw new RangeError('Input buffers must have the same byte length')
  let different = 0
  for (let i = 0; i < x.length; i++) different |= x[i] ^ y[i]
  return different === 0
}

const refuse = (name) =>
  function () {
    throw new Error(`crypto.${name}: isère has hashes, HMAC, scrypt, PBKDF2, HKDF and random bytes; for the rest use a package such as @noble/ciphers or @noble/curves`)
  }
export const createCipheriv = refuse('createCipheriv')
export const createDecipheriv = refuse('createDecipheriv')
export const createSign = refuse('createSign')
export const createVerify = refuse('createVerify')
export const sign = refuse('sign')
export const verify = refuse('verify')
export const createPrivateKey = refuse('createPrivateKey')
export const createPublicKey = refuse('createPublicKey')
export const generateKeyPair = refuse('generateKeyPair')
export const generateKeyPairSync = refuse('generateKeyPairSync')
export const publicEncrypt = refuse('publicEncrypt')
export const privateDecrypt = refuse('privateDecrypt')
export const createDiffieHellman = refuse('createDiffieHellman')
export const createECDH = refuse('createECDH')
export const constants = {}

// A secret alone: what HMAC takes.
export class KeyObject {
  #bytes
  constructor(type, bytes) {
    this.type = type
    this.#bytes = bytes
  }
  get symmetricKeySize() {
    return this.#bytes.length
  }
  export() {
    return this.#bytes
  }
  get [Symbol.toStringTag]() {
    return 'KeyObject'
  }
}
export const createSecretKey = (key, encoding) => new KeyObject('secret', Buffer.from(bytesOf(key, encoding)))

export default {
  Hash, Hmac, KeyObject, constants, createCipheriv, createDecipheriv, createDiffieHellman, createECDH, createHash, createHmac,
  createPrivateKey, createPublicKey, createSecretKey, createSign, createVerify, generateKeyPair, generateKeyPairSync, getHashes,
  getRandomValues, hash, hkdf, hkdfSync, pbkdf2, pbkdf2Sync, privateDecrypt, pseudoRandomBytes, publicEncrypt, randomBytes,
  randomFill, randomFillSync, randomInt, randomUUID, scrypt, scryptSync, sign, subtle, timingSafeEqual, verify, webcrypto,
}
