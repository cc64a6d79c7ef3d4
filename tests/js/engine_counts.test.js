// Digits of BigInts, and counts that don't fit.
import { equal, throws } from './assert.js'

// Digit by digit, which is what toString does not do.
function digits(value, radix) {
  let text = ''
  const r = BigInt(radix)
  for (let rest = value < 0n ? -value : value; rest > 0n; rest /= r) {
    text = Number(rest % r).toString(radix) + text
  }
  return (value < 0n ? '-' : '') + (text || '0')
}

for (const power of [31n, 32n, 62n, 63n, 64n, 65n, 95n, 96n, 126n, 127n, 128n, 191n, 255n, 256n, 511n]) {
  for (const near of [-2n, -1n, 0n, 1n]) {
    for (const radix of [2, 3, 8, 10, 16, 32, 36]) {
      const value = 2n ** power + near
      equal(value.toString(radix), digits(value, radix))
      equal((-value).toString(radix), digits(-value, radix))
    }
  }
}
equal((2n ** 63n).toString(16), '8000000000000000')
equal((-(2n ** 63n)).toString(16), '-8000000000000000')
equal((2n ** 127n).toString(2), '1' + '0'.repeat(127))
equal((2n ** 127n).toString(8), '2' + '0'.repeat(42))
equal((2n ** 127n).toString(32), '4' + '0'.repeat(25))
equal((2n ** 64n - 1n).toString(8), '1' + '7'.repeat(21))

// More digits than a BigInt may have. A small heap may not hold the text.
function refused(run) {
  try {
    run()
  } catch (error) {
    return error.name === 'RangeError' || error.message.startsWith('out of memory')
  }
  return false
}
for (const count of [350000, 1048577, 1500000]) {
  equal(refused(() => BigInt('9'.repeat(count))), true)
  equal(refused(() => BigInt('0x' + 'f'.repeat(count))), true)
}
equal(BigInt('0'.repeat(100000) + '7'), 7n)
throws(() => 2n ** 4294967296n, 'RangeError')
throws(() => 3n ** 1000000000n, 'RangeError')
throws(() => 1n << 1000000000n, 'RangeError')

// A list of names that says it is longer than it is: ends at what is no name.
const listers = [Object.keys, Reflect.ownKeys, Object.getOwnPropertyNames, Object.entries,
  (o) => ({ ...o }), (o) => Object.assign({}, o), (o) => { for (const name in o) return name }]
for (const length of [3, 0x20000001, 0x40000001, 0x80000001, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53, 1e300, Infinity]) {
  const liar = new Proxy({}, { ownKeys: () => ({ length, 0: 'a', 1: 'b' }) })
  for (const run of listers) throws(() => run(liar), 'TypeError')
}
// 0063: other lengths
for (const [length, expected] of [[-1, ''], [-Infinity, ''], [NaN, ''], [undefined, ''], ['2', 'a,b'], [1.9, 'a']]) {
  const keys = Reflect.ownKeys(new Proxy({}, { ownKeys: () => ({ length, 0: 'a', 1: 'b' }) }))
  equal(keys.join(), expected)
}
throws(() => Reflect.ownKeys(new Proxy({}, { ownKeys: () => ({ length: 1n }) })), 'TypeError')
throws(() => Reflect.ownKeys(new Proxy({}, { ownKeys: () => ['a', 'b', 'a'] })), 'TypeError')
{
  const names = Array.from({ length: 300 }, (_, i) => 'name' + i)
  equal(Reflect.ownKeys(new Proxy({}, { ownKeys: () => names })).join(), names.join())
}
// Names without end need more memory than there is.
{
  const endless = new Proxy({}, { get: (_, name) => name === 'length' ? Infinity : 'n' + name })
  let thrown
  try {
    Reflect.ownKeys(new Proxy({}, { ownKeys: () => endless }))
  } catch (error) {
    thrown = error // 0064: a value; null when there was no memory for an error
  }
  equal(thrown === null || thrown?.name === 'InternalError', true)
}
