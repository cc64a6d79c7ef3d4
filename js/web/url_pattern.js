// URLPattern (WHATWG URL Pattern) from the npm package urlpattern-polyfill.
(function (host) {
  'use strict'
  const module = {}
  const { URL } = host
  const { RegExp } = globalThis
  // A URL ignores what is no host name: then it keeps the one that it has.
  function canonicalHost(text) {
    if (text === '') return text
    for (let i = 0; i < 2; i++) {
      const before = i === 0 ? 'a.invalid' : 'b.invalid'
      const url = new URL(`https://${before}`)
      url.hostname = text
      if (url.hostname !== before) return url.hostname
    }
    throw new TypeError(`invalid host name '${text}'`)
  }
  function canonicalPort(text) {
    const found = /^[\t\n\r]*([\d\t\n\r]+)/.exec(text)
    const port = found ? +found[1].replace(/\D/g, '') : text === '' ? '' : 65536
    if (port > 65535) throw new TypeError(`invalid port '${text}'`)
    return `${port}`
  }
  // The engine knows which characters names have: those of groups.
  function isName(text) {
    try {
      new RegExp(`(?<${text}>)`, 'u')
      return true
    } catch {
      return false
    }
  }
  const isNameStart = (c) => isName(c)
  const isNamePart = (c) => c !== '>' && isName(`a${c}`)
  host.load('url_pattern_library')(module, {}, URL, canonicalHost, canonicalPort, isNameStart, isNamePart)
  const { URLPattern } = module.exports
  const { apply } = host.taken
  const { getOwnPropertyDescriptor } = Object
  const names = ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash', 'hasRegExpGroups']
  const getters = []
  for (let i = 0; i < names.length; i++) getters[i] = getOwnPropertyDescriptor(URLPattern.prototype, names[i]).get
  function show(pattern) {
    const object = { __proto__: null }
    try {
      for (let i = 0; i < names.length; i++) object[names[i]] = apply(getters[i], pattern, [])
      return object
    } catch {
      // It has the prototype and is no pattern.
    }
  }
  host.taken.defineProperty(URLPattern, 'name', { value: 'URLPattern', configurable: true })
  host.shape(URLPattern, 'URLPattern')
  host.clonable((value) => host.inherits(value, URLPattern.prototype), undefined, show)
  return { URLPattern }
})
