// node:net: what an address is; sockets are not for handlers.
const missing = require('../lib/missing.js')

const octet = '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])'
const v4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`)
const isIPv6 = (text) => {
  const plain = String(text).replace(/%[\w.-]+$/, '')
  return plain.includes(':') && !/[^\da-f:.]/i.test(plain) && URL.canParse(`http://[${plain}]/`)
}
const isIPv4 = (text) => v4.test(String(text))
const isIP = (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0)

module.exports = missing.module('node:net', 'handlers have no sockets', { isIP, isIPv4, isIPv6 })
