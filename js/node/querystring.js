// node:querystring
export function unescape(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    // What is no escape stays; bytes that are not UTF-8 become U+FFFD.
    const bytes = String(text).replace(/%([\da-f]{2})|[^%]|%/gi, (all, hex) => (hex ? String.fromCharCode(parseInt(hex, 16)) : unescape.utf8(all)))
    return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)))
  }
}
unescape.utf8 = (text) => String.fromCharCode(...new TextEncoder().encode(text))

export const escape = (text) => encodeURIComponent(typeof text === 'object' ? String(text) : text).replace(/[']/g, (c) => c)

export function parse(text, separator = '&', equals = '=', options = {}) {
  const found = Object.create(null)
  if (typeof text !== 'string' || !text) return found
  const decode = options?.decodeURIComponent ?? unescape
  const max = options?.maxKeys ?? 1000
  const parts = text.split(separator || '&')
  for (const part of max > 0 ? parts.slice(0, max) : parts) {
    if (!part) continue
    const at = part.indexOf(equals || '=')
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + (equals || '=').length)]
    const [key, held] = [name, value].map((t) => decode(t.replaceAll('+', ' ')))
    if (!(key in found)) found[key] = held
    else if (Array.isArray(found[key])) found[key].push(held)
    else found[key] = [found[key], held]
  }
  return found
}

function asText(value) {
  if (typeof value === 'number') return isFinite(value) ? String(value) : ''
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : ''
}

export function stringify(object, separator = '&', equals = '=', options = {}) {
  if (typeof object !== 'object' || object === null) return ''
  const encode = options?.encodeURIComponent ?? escape
  return Object.keys(object)
    .flatMap((key) => [object[key]].flat().map((value) => encode(key) + (equals || '=') + encode(asText(value))))
    .join(separator || '&')
}

export const encode = stringify
export const decode = parse
export default { parse, stringify, escape, unescape, encode, decode }
