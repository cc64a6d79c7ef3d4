// Keys from passwords and secrets, for node:crypto.
import { Buffer } from 'buffer'
import { bytesOf, find } from './crypto_hash.js'
import { hkdf as deriveHkdf } from '../../noble-hashes/hkdf.js'
import { pbkdf2 as derivePbkdf2 } from '../../noble-hashes/pbkdf2.js'
import { scrypt as deriveScrypt } from '../../noble-hashes/scrypt.js'

// A function with a callback that answers later with what `make` returns.
const later = (make) => (...args) => {
  const done = args.pop()
  let error = null, value
  try {
    value = make(...args)
  } catch (e) {
    error = e
  }
  setTimeout(() => done(error, value), 0)
}

export const pbkdf2Sync = (password, salt, c, dkLen, digest) =>
  Buffer.from(derivePbkdf2(find(digest), bytesOf(password), bytesOf(salt), { c, dkLen }))
export const pbkdf2 = later(pbkdf2Sync)

export function scryptSync(password, salt, dkLen, options = {}) {
  const N = options.N ?? options.cost ?? 16384
  const r = options.r ?? options.blockSize ?? 8
  const p = options.p ?? options.parallelization ?? 1
  return Buffer.from(deriveScrypt(bytesOf(password), bytesOf(salt), { N, r, p, dkLen, maxmem: options.maxmem ?? 32 << 20 }))
}
export const scrypt = later(scryptSync)

// Without Buffer around it: Node's answers with an ArrayBuffer.
export const hkdfSync = (digest, key, salt, info, length) => {
  const bytes = deriveHkdf(find(digest), bytesOf(key), bytesOf(salt), bytesOf(info), length)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
}
export const hkdf = later(hkdfSync)
