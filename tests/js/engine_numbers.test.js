// Numbers and BigInts: values at the borders where engines go wrong.
import { equal, same, throws } from './assert.js'

// Decimal to double: the middle between two doubles goes to the even one,
// whatever follows decides otherwise, also behind hundreds of digits.
equal(9007199254740993, 9007199254740992)
equal(Number('9007199254740993.' + '0'.repeat(50) + '1'), 9007199254740994)
equal(Number('9007199254740992.9' + '9'.repeat(60)), 9007199254740992)
equal(parseFloat('-9007199254740993.' + '0'.repeat(50) + '1x'), -9007199254740994)
equal(JSON.parse('9007199254740993.' + '0'.repeat(50) + '1'), 9007199254740994)
const middle = '1.00000000000000011102230246251565404236316680908203125'
equal(Number(middle), 1)
equal(Number(middle + '0000'), 1)
equal(Number(middle + '1'), 1 + 2 ** -52)
equal(Number(middle.slice(0, -1) + '49'), 1)
equal(1.00000000000000011102230246251565404236316680908203126, 1 + 2 ** -52)
// Half of the smallest number: exact, one below, one above.
const tiny = (5n ** 1075n).toString()
equal(Number(`${tiny}e-1075`), 0)
equal(Number(`${tiny}1e-1076`), 5e-324)
equal(Number(`${BigInt(tiny) * 10n - 1n}e-1076`), 0)
equal(Number(`${(2n ** 53n * 2n - 1n) * 2n ** 970n}`), Infinity)
equal(Number(`${(2n ** 53n * 2n - 1n) * 2n ** 970n - 1n}`), Number.MAX_VALUE)
equal(Number(`${(2n ** 53n * 2n - 1n) * 2n ** 970n - 1n}.99999`), Number.MAX_VALUE)

// Double to decimal: the shortest text, also of powers of two, below which the
// doubles are denser.
equal(String(2 ** 275), '6.070840288205404e+82')
equal(String(-(2 ** 182)), '-6.129982163463556e+54')
equal(String(2 ** -791), '7.678447687145631e-239')
equal(String(2 ** -44), '5.684341886080802e-14')
equal(String(5e-324), '5e-324')
equal(String(2 ** -1022), '2.2250738585072014e-308')
let wrong = 0
for (let e = -1074; e < 1024; e++) if (Number(String(2 ** e)) !== 2 ** e) wrong++
equal(wrong, 0)
equal((2 ** 275).toPrecision(17), '6.0708402882054033e+82')
equal((1.005).toFixed(2), '1.00')
equal((0.5).toFixed(0), '1')
equal((2.5).toFixed(0), '3')
equal((-1.5).toFixed(0), '-2')
equal((25).toExponential(0), '3e+1')
equal((255.5).toString(16), 'ff.8')

// The lowest bits of a BigInt
equal(BigInt.asUintN(64, -1n), 2n ** 64n - 1n)
equal(BigInt.asUintN(32, -1n), 2n ** 32n - 1n)
equal(BigInt.asUintN(65, -1n), 2n ** 65n - 1n)
equal(BigInt.asUintN(200, -5n), 2n ** 200n - 5n)
equal(BigInt.asUintN(64, 2n ** 64n - 1n), 2n ** 64n - 1n)
equal(BigInt.asUintN(64, 2n ** 128n - 1n), 2n ** 64n - 1n)
equal(BigInt.asUintN(63, -(2n ** 70n) - 1n), 2n ** 63n - 1n)
equal(BigInt.asUintN(1, -1n), 1n)
equal(BigInt.asUintN(0, -1n), 0n)
equal(BigInt.asIntN(64, 2n ** 63n), -(2n ** 63n))
equal(BigInt.asIntN(64, 2n ** 64n - 1n), -1n)
equal(BigInt.asIntN(65, 2n ** 64n - 1n), 2n ** 64n - 1n)
equal(BigInt.asIntN(200, -5n), -5n)
throws(() => BigInt.asUintN(2 ** 53 - 1, -1n), 'RangeError')

// One more and one less, over the borders of limbs
for (const k of [30n, 31n, 32n, 62n, 63n, 64n, 65n, 95n, 96n, 127n, 128n, 200n]) {
  for (const d of [-2n, -1n, 0n, 1n, 2n]) {
    for (const sign of [1n, -1n]) {
      const x = sign * (2n ** k + d)
      let y = x
      y--
      equal(y, x - 1n, `${x}--`)
      y++
      y++
      equal(y, x + 1n, `${x}++`)
      equal(x & (2n ** 32n - 1n), BigInt.asUintN(32, x))
      equal(BigInt.asUintN(64, x) ^ BigInt.asUintN(64, ~x), 2n ** 64n - 1n)
      equal(x - (x / 7n) * 7n, x % 7n)
      equal(-(-x), x)
    }
  }
}

// BigInts and doubles
equal(-120n < -10474890.125, false)
equal(-10n < -3.5, true)
equal(-3n < -10.5, false)
equal(-(2n ** 80n) < -1e10, true)
equal(2n ** 80n > 1e10, true)
equal(-(2n ** 80n) > -Infinity, true)
equal(2n ** 53n + 1n > 2 ** 53, true)
equal(2n ** 53n == 2 ** 53, true)
equal(1n == 1.5, false)
equal(Number(2n ** 64n - 1n), 2 ** 64)
equal(Number(-(2n ** 1024n)), -Infinity)
equal(BigInt(-(2 ** 70)), -(2n ** 70n))

same([0xff.toString(2), 0b101.toFixed(1), 0o17.constructor.name, 0XF.valueOf()], ['11111111', '5.0', 'Number', 15])
