/*
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) in plain JavaScript. The key is worked
 * into two states in advance, so a message costs two blocks less.
 *
 *     const key = hmacKey(bytes)          // Uint8Array
 *     toHex(hmac(key, message))
 */

const round = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
  0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
  0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])
const start = new Int32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])
const BLOCK = 64

const turn = (x, n) => (x >>> n) | (x << (32 - n))

/* The 64 words of a block's schedule. */
const w = new Int32Array(64)
const schedule = (view, at) => {
  for (let i = 0; i < 16; i++) {
    w[i] = view.getInt32(at + 4 * i)
  }
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]
    const b = w[i - 2]
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) +
      w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))
  }
}

/* Works a block into the state. */
const compress = (state, view, at) => {
  schedule(view, at)
  let [a, b, c, d, e, f, g, h] = state
  for (let i = 0; i < 64; i++) {
    const t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
      ((e & f) ^ (~e & g)) + round[i] + w[i]
    const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
      ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = (d + t) | 0
    d = c
    c = b
    b = a
    a = (t + u) | 0
  }
  const next = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) {
    state[i] += next[i]
  }
}

/* The digest of `before` bytes that made `state`, and the message. */
const finish = (state, before, message) => {
  const tail = message.length % BLOCK
  const whole = message.length - tail
  const view = new DataView(message.buffer, message.byteOffset, whole)
  const own = Int32Array.from(state)
  for (let at = 0; at < whole; at += BLOCK) {
    compress(own, view, at)
  }
  /* The rest, a one bit, zeros, and the length in bits. */
  const end = new Uint8Array(tail < BLOCK - 8 ? BLOCK : 2 * BLOCK)
  const endView = new DataView(end.buffer)
  end.set(message.subarray(whole))
  end[tail] = 0x80
  endView.setBigUint64(end.length - 8, BigInt(before + message.length) * 8n)
  for (let at = 0; at < end.length; at += BLOCK) {
    compress(own, endView, at)
  }
  const digest = new Uint8Array(32)
  own.forEach((word, i) => new DataView(digest.buffer).setInt32(4 * i, word))
  return digest
}

const afterPad = (key, value) => {
  const pad = new Uint8Array(BLOCK).fill(value)
  key.forEach((byte, i) => { pad[i] ^= byte })
  const state = Int32Array.from(start)
  compress(state, new DataView(pad.buffer), 0)
  return state
}

export const sha256 = (message) => finish(start, 0, message)

export const hmacKey = (bytes) => {
  const key = bytes.length > BLOCK ? sha256(bytes) : bytes
  return { inner: afterPad(key, 0x36), outer: afterPad(key, 0x5c) }
}

export const hmac = (key, message) =>
  finish(key.outer, BLOCK, finish(key.inner, BLOCK, message))

export const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
