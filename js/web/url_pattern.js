// URLPattern (WHATWG URL Pattern) from the npm package urlpattern-polyfill.
(function (host) {
  'use strict'
  const module = {}
  host.load('url_pattern_library')(module, {}, host.URL)
  const { URLPattern } = module.exports
  host.taken.defineProperty(URLPattern, 'name', { value: 'URLPattern', configurable: true })
  host.shape(URLPattern, 'URLPattern')
  return { URLPattern }
})
