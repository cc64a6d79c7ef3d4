// toLocaleString and its like, compared with V8 (Node 20) where it has the same.
import { equal, throws } from './assert.js'

const at = new Date(Date.UTC(2024, 2, 7, 15, 4, 9, 78))
const midnight = new Date(Date.UTC(2024, 2, 7, 0, 4, 9))

const dates = [
  [{}, '3/7/2024, 3:04:09 PM'],
  [{ timeZone: 'UTC' }, '3/7/2024, 3:04:09 PM'],
  [{ timeZone: 'utc' }, '3/7/2024, 3:04:09 PM'],
  [{ timeZone: '+05:30' }, '3/7/2024, 8:34:09 PM'],
  [{ timeZone: '-1530', timeZoneName: 'short' }, '3/6/2024, 11:34:09 PM GMT-15:30'],
  [{ timeZone: '+09', hour: 'numeric', timeZoneName: 'short' }, '12 AM GMT+9'],
  [{ timeZoneName: 'short' }, '3/7/2024, 3:04:09 PM UTC'],
  [{ dateStyle: 'full', timeStyle: 'long' }, 'Thursday, March 7, 2024 at 3:04:09 PM UTC'],
  [{ dateStyle: 'long', timeStyle: 'short' }, 'March 7, 2024 at 3:04 PM'],
  [{ dateStyle: 'medium', timeStyle: 'medium' }, 'Mar 7, 2024, 3:04:09 PM'],
  [{ dateStyle: 'short' }, '3/7/24'],
  [{ timeStyle: 'short', hour12: false }, '15:04'],
  [{ weekday: 'short', year: 'numeric', month: 'short', day: '2-digit' }, 'Thu, Mar 07, 2024'],
  [{ weekday: 'long' }, 'Thursday'],
  [{ weekday: 'narrow', hour: 'numeric' }, 'T 3 PM'],
  [{ year: '2-digit', month: '2-digit', day: 'numeric' }, '03/7/24'],
  [{ year: 'numeric', month: 'long' }, 'March 2024'],
  [{ month: 'long', hour: '2-digit', minute: 'numeric' }, 'March at 03:04 PM'],
  [{ weekday: 'short', day: 'numeric' }, '7 Thu'],
  [{ year: 'numeric', day: 'numeric' }, '2024 (day: 7)'],
  [{ minute: 'numeric', second: 'numeric', fractionalSecondDigits: 3 }, '04:09.078'],
  [{ second: '2-digit' }, '9'],
  [{ hour: 'numeric', hourCycle: 'h23' }, '15'],
  [undefined, '3/7/2024, 3:04:09 PM'],
]
for (const [options, text] of dates) equal(at.toLocaleString('en-US', options), text)

const hours = { h11: '0:04 AM', h12: '12:04 AM', h23: '00:04', h24: '24:04' }
for (const hourCycle in hours) {
  const options = { hour: 'numeric', minute: 'numeric', hourCycle }
  equal(midnight.toLocaleTimeString('en', options), hours[hourCycle])
}

equal(at.toLocaleDateString(), '3/7/2024')
equal(at.toLocaleDateString('en-US', { hour: 'numeric' }), '3/7/2024, 3 PM')
equal(at.toLocaleTimeString(), '3:04:09 PM')
equal(at.toLocaleTimeString('en-US', { year: 'numeric' }), '2024, 3:04:09 PM')
equal(new Date(NaN).toLocaleString('en-US', { timeZone: '?' }), 'Invalid Date')
equal(new Date(-62198755200000).toLocaleDateString(), '1/1/2')
equal(new Date(8.64e15).toLocaleString(), '9/13/275760, 12:00:00 AM')
equal(new Date(-8.64e15).toLocaleDateString('en', { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }), 'Tuesday, April 20, 271822')

// What can't be had is refused, and said.
const refused = [
  { era: 'short' }, { dayPeriod: 'long' }, { calendar: 'buddhist' }, { numberingSystem: 'arab' },
  { timeZoneName: 'long' }, { timeStyle: 'full' }, { month: 'x' }, { fractionalSecondDigits: 4 },
  { fractionalSecondDigits: 1 }, { hourCycle: 'h25' },
  ...['', 'x', '+24:00', '+5:30', '+05:3', '+05:300', '05:30', 'UTC\0', 'UTC+1', '../UTC', '/UTC',
    'America/../UTC', 'Mars/Olympus', 'A'.repeat(5000), 'posixrules', null].map((timeZone) => ({ timeZone })),
]
for (const options of refused) throws(() => at.toLocaleString('en-US', options), 'RangeError')
throws(() => at.toLocaleString('en-US', { dateStyle: 'full', day: 'numeric' }), 'TypeError')
throws(() => at.toLocaleDateString('en-US', { timeStyle: 'full' }), 'RangeError')
throws(() => at.toLocaleDateString('en-US', { timeStyle: 'short' }), 'TypeError')
throws(() => at.toLocaleTimeString('en-US', { dateStyle: 'short' }), 'TypeError')
throws(() => at.toLocaleString('en-US', null), 'TypeError')
throws(() => Date.prototype.toLocaleString.call({}), 'TypeError')
const message = throws(() => at.toLocaleString('en', { weekday: 'wide' }), 'RangeError').message
equal(message, "option weekday can't be 'wide'; supported: 'narrow', 'short', 'long'")

const numbers = [
  [1234567.891, undefined, '1,234,567.891'], [-0, {}, '-0'], [NaN, {}, 'NaN'], [-Infinity, {}, '-∞'],
  [1e21, {}, '1,000,000,000,000,000,000,000'], [1.5e-7, {}, '0'], [999.9995, {}, '1,000'], [0.0005, {}, '0.001'],
  [1.005, { maximumFractionDigits: 2 }, '1.01'], [-0.001, { maximumFractionDigits: 2 }, '-0'],
  [1.5, { minimumFractionDigits: 2 }, '1.50'], [1234.5, { maximumFractionDigits: 0 }, '1,235'],
  [1234.5678, { minimumFractionDigits: 5 }, '1,234.56780'], [1234.5, { useGrouping: false }, '1234.5'],
  [1234567.891, { maximumSignificantDigits: 3 }, '1,230,000'], [-0.001, { minimumSignificantDigits: 5 }, '-0.0010000'],
  [0, { minimumSignificantDigits: 5 }, '0.0000'], [5, { minimumIntegerDigits: 4 }, '0,005'],
  [1.005, { style: 'percent' }, '101%'], [0.1234, { style: 'percent', minimumFractionDigits: 1 }, '12.3%'],
  [-1234.5, { style: 'currency', currency: 'usd' }, '-$1,234.50'], [1234.5, { style: 'currency', currency: 'EUR' }, '€1,234.50'],
  [1234.5, { style: 'currency', currency: 'GBP', maximumFractionDigits: 0 }, '£1,235'],
  [-123456789012345680000n, {}, '-123,456,789,012,345,680,000'], [5n, { style: 'percent' }, '500%'],
  [999n, { maximumSignificantDigits: 2 }, '1,000'], [Object(7n), { minimumFractionDigits: 1 }, '7.0'],
  [1, { minimumFractionDigits: 100 }, `1.${'0'.repeat(100)}`], [Number.MIN_VALUE, { maximumSignificantDigits: 1 }, `0.${'0'.repeat(323)}5`],
]
for (const [value, options, text] of numbers) equal(value.toLocaleString('en-US', options), text)
equal([1234.5, null, 2n, new Date(0)].toLocaleString('en-US', { minimumFractionDigits: 2 }), '1,234.50,,2.00,1/1/1970, 12:00:00 AM')
equal(new Float64Array([1.5, 2000]).toLocaleString('en-US', { style: 'percent' }), '150%,200,000%')

for (const options of [
  { notation: 'compact' }, { style: 'unit' }, { signDisplay: 'always' }, { roundingMode: 'floor' }, { style: 'currency', currency: 'CHF' },
  { maximumFractionDigits: 101 }, { minimumFractionDigits: -1 }, { minimumFractionDigits: 3, maximumFractionDigits: 2 },
  { maximumSignificantDigits: 0 }, { minimumIntegerDigits: 22 }, { useGrouping: 'x' }, { maximumFractionDigits: NaN },
]) {
  throws(() => (1).toLocaleString('en-US', options), 'RangeError')
}
throws(() => (1).toLocaleString('en-US', { style: 'currency' }), 'TypeError')
throws(() => BigInt.prototype.toLocaleString.call(1), 'TypeError')
equal(BigInt.prototype.toLocaleString.length, 0)

// American English, which is the only locale; the others are refused, not taken for it.
for (const good of [undefined, 'en', 'EN-us', 'en-Latn-US', 'en-x-a', 'en-a-bb-b-cc-x-d', [], ['fr', 'en'], 5, { length: 1, 0: 'en' }]) {
  equal((1234.5).toLocaleString(good), '1,234.5')
}
for (const other of ['de-DE', 'en-GB', 'en-001', 'en-Cyrl', 'abcdefgh', 'zh-Hant-TW', 'es-419', 'sl-rozaj-1996', ['fr', 'en-CA'], { length: 1, 0: 'zz' }]) {
  throws(() => (1234.5).toLocaleString(other), 'RangeError')
  throws(() => at.toLocaleDateString(other), 'RangeError')
}
for (const bad of ['', 'x_y', 'en_US', 'x-foo', 'i-klingon', 'a', 'abcd', 'abcdefghi', 'en-', '-en', 'en--US', 'en-u', 'en-a-b', 'en-x', 'en-a-bb-a-cc', 'de-1996-1996', 'en-US-US', 'en\0', ['en', 'x_y'], 'en-US-u-nu-arab', { length: 1e9 }]) {
  throws(() => (1).toLocaleString(bad), 'RangeError')
  throws(() => at.toLocaleString(bad), 'RangeError')
}
throws(() => (1).toLocaleString(null), 'TypeError')
throws(() => (1).toLocaleString([5]), 'TypeError')
throws(() => (1).toLocaleString([undefined]), 'TypeError')
equal((1).toLocaleString([,]), '1') // a hole
