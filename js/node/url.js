// node:url: the global URL, and the older functions.
import { parse as parseQuery, stringify as stringifyQuery } from 'querystring'

export const URL = globalThis.URL
export const URLSearchParams = globalThis.URLSearchParams
export const URLPattern = globalThis.URLPattern

const slashed = new Set(['http:', 'https:', 'ftp:', 'gopher:', 'file:', 'ws:', 'wss:'])
const members = ['protocol', 'slashes', 'auth', 'host', 'port', 'hostname', 'hash', 'search', 'query', 'pathname', 'path', 'href']

export class Url {
  constructor() {
    for (const name of members) this[name] = null
  }
  format() {
    return format(this)
  }
  parse(text, withQuery, slashesDenoteHost) {
    return Object.assign(this, parse(text, withQuery, slashesDenoteHost))
  }
  resolve(relative) {
    return resolve(this.href, relative)
  }
}

// Takes user, host and port off the text behind the slashes.
function takeHost(url, text) {
  const end = text.search(/[/?#]/)
  const authority = end < 0 ? text : text.slice(0, end)
  const at = authority.lastIndexOf('@')
  if (at >= 0) url.auth = decodeURIComponent(authority.slice(0, at))
  const [, hostname, port] = /^(.*?)(?::(\d*))?$/.exec(authority.slice(at + 1))
  url.hostname = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  url.port = port || null
  url.host = hostname.toLowerCase() + (port ? `:${port}` : '')
  return end < 0 ? '' : text.slice(end)
}

export function parse(text, withQuery = false, slashesDenoteHost = false) {
  if (text instanceof Url) return text
  if (typeof text !== 'string') throw new TypeError('url.parse takes a string')
  const url = new Url()
  let rest = text.trim().replaceAll('\\', '/')
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(rest)
  if (scheme) {
    url.protocol = scheme[0].toLowerCase()
    rest = rest.slice(scheme[0].length)
  }
  if (rest.startsWith('//') && (scheme || slashesDenoteHost || /^\/\/[^@/]+@[^@/]+/.test(rest))) {
    url.slashes = true
    rest = takeHost(url, rest.slice(2))
  } else if (scheme && !slashed.has(url.protocol) && url.protocol !== 'javascript:') {
    // As Node reads mailto:user@host.
    rest = takeHost(url, rest)
  }
  const [, pathname, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest)
  url.hash = hash ?? null
  url.search = search ?? (withQuery ? '' : null)
  url.query = withQuery ? parseQuery((search ?? '').slice(1)) : (search?.slice(1) ?? null)
  url.pathname = pathname || (url.slashes && slashed.has(url.protocol) ? '/' : null)
  url.path = url.pathname || url.search ? (url.pathname ?? '') + (url.search ?? '') : null
  url.href = format(url)
  return url
}

export function format(url, options = {}) {
  if (typeof url === 'string') url = parse(url)
  if (url instanceof URL) {
    const copy = new URL(url)
    if (options.auth === false) copy.username = copy.password = ''
    if (options.fragment === false) copy.hash = ''
    if (options.search === false) copy.search = ''
    return copy.href
  }
  const protocol = url.protocol ? url.protocol.replace(/:?$/, ':') : ''
  const auth = url.auth ? `${encodeURIComponent(url.auth).replace(/%3A/i, ':')}@` : ''
  const hostname = url.hostname?.includes(':') ? `[${url.hostname}]` : url.hostname
  const host = url.host ? auth + url.host : hostname ? auth + hostname + (url.port ? `:${url.port}` : '') : null
  const query = url.query !== null && typeof url.query === 'object' ? stringifyQuery(url.query) : ''
  const search = url.search || (query && `?${query}`) || ''
  const slashes = url.slashes || ((!protocol || slashed.has(protocol)) && host !== null) ? '//' : ''
  let pathname = (url.pathname ?? '').replace(/[?#]/g, encodeURIComponent)
  if (slashes && pathname && pathname[0] !== '/') pathname = `/${pathname}`
  const hash = url.hash ? url.hash.replace(/^#?/, '#') : ''
  return protocol + (host !== null || url.slashes ? slashes : '') + (host ?? '') + pathname + search.replace(/^\??/, search ? '?' : '').replaceAll('#', '%23') + hash
}

export function resolve(from, to) {
  const base = new URL(from, 'resolve://resolve/')
  const found = new URL(to, base)
  if (found.protocol !== 'resolve:') return found.href
  const path = found.pathname + found.search + found.hash
  return from[0] === '/' || to[0] === '/' ? path : path.slice(1)
}

export const resolveObject = (from, to) => parse(resolve(from, to))
export const domainToASCII = (domain) => URL.parse(`ws://${domain}`)?.hostname ?? ''
export const domainToUnicode = domainToASCII

export function fileURLToPath(url) {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:') throw new TypeError('The URL must be of scheme file')
  return decodeURIComponent(pathname)
}

export const pathToFileURL = (path) => new URL(`file://${path.split('/').map(encodeURIComponent).join('/')}`)

export function urlToHttpOptions(url) {
  const { protocol, hostname, hash, search, pathname, href, port, username, password } = url
  const options = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), hash, search, pathname, path: pathname + search, href }
  if (port) options.port = Number(port)
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return options
}

export default {
  URL, URLPattern, URLSearchParams, Url, domainToASCII, domainToUnicode, fileURLToPath, format, parse, pathToFileURL, resolve,
  resolveObject, urlToHttpOptions,
}
