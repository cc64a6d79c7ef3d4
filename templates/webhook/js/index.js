// A webhook that only its sender can call: the signature of GitHub, and of those
// who do as GitHub does, in X-Hub-Signature-256.
import { hmac, hmacKey, toHex } from './hmac.js'

const encoder = new TextEncoder()
const key = hmacKey(encoder.encode(process.env.WEBHOOK_SECRET))

// Looks at every character: how long it takes does not tell how many are right.
const isSame = (given, right) => {
  let differs = given.length ^ right.length
  for (let i = 0; i < right.length; i++) differs |= given.charCodeAt(i) ^ right.charCodeAt(i)
  return differs === 0
}

export const handler = (event) => {
  const given = event.headers['x-hub-signature-256'] ?? ''
  const right = `sha256=${toHex(hmac(key, encoder.encode(event.rawBody ?? '')))}`
  if (event.isBase64Encoded || !isSame(given, right)) {
    return { statusCode: 401, body: { message: 'the signature is missing or wrong' } }
  }
  console.log('received', event.headers['x-github-event'], event.body)
  return { statusCode: 204 }
}
