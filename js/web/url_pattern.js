// URLPattern (WHATWG URL Pattern) from the npm package urlpattern-polyfill.
(function (host) {
  'use strict'
  const module = {}
  host.load('url_pattern_library')(module, {}, host.URL)
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
