// node:string_decoder: bytes to text, where a character may be in two chunks.
import { Buffer } from 'buffer'

// Bytes that make whole units of text in an encoding without state.
const units = { utf16le: 2, ucs2: 2, base64: 3, base64url: 3 }

function normalise(encoding = 'utf8') {
  const name = String(encoding).toLowerCase().replace(/^utf-8$/, 'utf8').replace(/^(utf-16le|ucs-2|ucs2)$/, 'utf16le')
  if (!Buffer.isEncoding(name)) throw new TypeError(`Unknown encoding: ${encoding}`)
  return name === 'binary' ? 'latin1' : name
}

export class StringDecoder {
  #rest = Buffer.alloc(0)
  #text

  constructor(encoding) {
    this.encoding = normalise(encoding)
    if (this.encoding === 'utf8') this.#text = new TextDecoder('utf-8', { ignoreBOM: true })
  }

  write(chunk) {
    if (typeof chunk === 'string') return chunk
    if (this.#text) return this.#text.decode(chunk, { stream: true })
    const bytes = Buffer.concat([this.#rest, chunk])
    let whole = bytes.length - (bytes.length % (units[this.encoding] ?? 1))
    // The first half of a pair waits for the second.
    if (this.encoding === 'utf16le' && whole >= 2 && (bytes[whole - 1] & 0xfc) === 0xd8) whole -= 2
    this.#rest = bytes.subarray(whole)
    return bytes.subarray(0, whole).toString(this.encoding)
  }

  end(chunk) {
    const text = chunk === undefined ? '' : this.write(chunk)
    const rest = this.#text ? this.#text.decode() : this.#rest.toString(this.encoding)
    this.#rest = Buffer.alloc(0)
    return text + rest
  }
}

export default { StringDecoder }
