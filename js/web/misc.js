// Small globals: navigator (HTML section 8.9) and reportError (section 8.1.4.6).
(function (host) {
  'use strict'
  const { need, report, shape } = host
  const key = { __proto__: null }
  class Navigator {
    constructor(given) {
      if (given !== key) throw new TypeError("Navigator can't be constructed")
    }
    get userAgent() { return 'isere' }
  }
  shape(Navigator, 'Navigator')
  return {
    Navigator,
    navigator: new Navigator(key),
    reportError(error) {
      need(arguments.length, 1, 'reportError')
      report(error)
    },
  }
})
