/*
 * A webhook that only its sender can call: it checks the signature that GitHub
 * (and whoever does as GitHub does) sends along, in X-Hub-Signature-256.
 *
 *     isere deploy examples/webhook/webhook.js --to URL \
 *         --route 'POST /webhook' --env WEBHOOK_SECRET=the-secret
 */
import { hmacKey, hmac, toHex } from './hmac.js'

const secret = process.env.WEBHOOK_SECRET
if (!secret) {
  /* A deploy that throws in its top-level code changes nothing. */
  throw new Error('no secret: deploy it with --env WEBHOOK_SECRET=...')
}
const encoder = new TextEncoder()
const key = hmacKey(encoder.encode(secret))

/* The bytes that were sent. Text is what they were as UTF-8; bytes that are not
 * UTF-8 come as base64, which is decoded in pieces: that takes less memory. */
const bytesOf = (event) => {
  const text = event.rawBody ?? ''
  if (!event.isBase64Encoded) {
    return encoder.encode(text)
  }
  const bytes = new Uint8Array(text.length / 4 * 3)
  let count = 0
  for (let i = 0; i < text.length; i += 1024) {
    for (const c of atob(text.slice(i, i + 1024))) {
      bytes[count++] = c.charCodeAt(0)
    }
  }
  return bytes.subarray(0, count)
}

/* Looks at every character, whatever the first ones are: how long it takes does
 * not tell how many of them were right. */
const isSame = (given, right) => {
  let differs = given.length ^ right.length
  for (let i = 0; i < right.length; i++) {
    differs |= given.charCodeAt(i) ^ right.charCodeAt(i)
  }
  return differs === 0
}

const isSigned = (event) => {
  const given = event.headers['x-hub-signature-256'] ?? ''
  return isSame(given, `sha256=${toHex(hmac(key, bytesOf(event)))}`)
}

/* The object that a text stands for, or null. */
const parse = (text) => {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

const answer = (statusCode, message) => ({ statusCode, body: { message } })

const actions = {
  ping: ({ zen }) => answer(200, `pong: ${zen}`),
  push: ({ ref, commits = [] }) => {
    console.log('push to', ref, 'with', commits.length, 'commits')
    return answer(202, `thank you for ${ref}`)
  },
}

export const handler = (event) => {
  if (!isSigned(event)) {
    return answer(401, 'the signature is missing or wrong')
  }
  const payload = parse(event.rawBody)
  if (!payload) {
    return answer(400, 'the body is not a JSON object')
  }
  const name = event.headers['x-github-event']
  return Object.hasOwn(actions, name ?? '')
    ? actions[name](payload)
    : { statusCode: 204 }
}
