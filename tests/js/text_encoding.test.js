import { assert, equal, same, throws } from './assert.js'

const bytes = (...list) => new Uint8Array(list)
const list = (array) => Array.from(array)

// TextEncoder
const encoder = new TextEncoder()
equal(encoder.encoding, 'utf-8')
equal(Object.prototype.toString.call(encoder), '[object TextEncoder]')
same(list(encoder.encode('')), [])
same(list(encoder.encode()), [])
same(list(encoder.encode(undefined)), [])
same(list(encoder.encode('aé€😀')), [97, 195, 169, 226, 130, 172, 240, 159, 152, 128])
same(list(encoder.encode('\ud800x\udc00')), [239, 191, 189, 120, 239, 191, 189])
same(list(encoder.encode(12)), [49, 50])
assert(encoder.encode('x') instanceof Uint8Array)
throws(() => TextEncoder(), 'TypeError')
throws(() => TextEncoder.prototype.encode.call({}, 'x'), 'TypeError')

const target = new Uint8Array(5)
same(encoder.encodeInto('a€é', target), { read: 2, written: 4 })
same(list(target), [97, 226, 130, 172, 0])
same(encoder.encodeInto('😀x', target.subarray(0, 3)), { read: 0, written: 0 })
same(encoder.encodeInto('😀x', target), { read: 3, written: 5 })
same(encoder.encodeInto('\ud800', target), { read: 1, written: 3 })
same(list(target.subarray(0, 3)), [239, 191, 189])
throws(() => encoder.encodeInto('x', []), 'TypeError')
throws(() => encoder.encodeInto('x', new Uint16Array(2)), 'TypeError')

// TextDecoder
const decoder = new TextDecoder()
equal(decoder.encoding, 'utf-8')
equal(decoder.fatal, false)
equal(decoder.ignoreBOM, false)
equal(decoder.decode(), '')
equal(decoder.decode(bytes(97, 195, 169, 226, 130, 172, 240, 159, 152, 128)), 'aé€😀')
equal(decoder.decode(bytes(0xef, 0xbb, 0xbf, 97)), 'a')
equal(decoder.decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)), '\ufeff')
equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 97)), '\ufeffa')
equal(decoder.decode(bytes(97, 98, 99).buffer), 'abc')
equal(decoder.decode(new DataView(bytes(97, 98, 99).buffer, 1)), 'bc')
equal(decoder.decode(bytes(97, 98, 99, 100).subarray(1, 3)), 'bc')
equal(decoder.decode(new Uint16Array([0x6261])), 'ab')
throws(() => decoder.decode('text'), 'TypeError')
throws(() => decoder.decode([1]), 'TypeError')
throws(() => TextDecoder(), 'TypeError')

// Ill-formed input: one U+FFFD for each maximal part.
const cases = [
  [[0x80], '\ufffd'],
  [[0xc0, 0x80], '\ufffd\ufffd'],
  [[0xc3], '\ufffd'],
  [[0xe2, 0x82], '\ufffd'],
  [[0xe2, 0x82, 0x41], '\ufffdA'],
  [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
  [[0xe0, 0x80, 0x80], '\ufffd\ufffd\ufffd'],
  [[0xf0, 0x9f, 0x98], '\ufffd'],
  [[0xf0, 0x80, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
  [[0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
  [[0xf5, 0x41], '\ufffdA'],
  [[0xff, 0xfe], '\ufffd\ufffd'],
  [[0xef, 0xbf, 0xbd], '\ufffd'],
  [[0xf0, 0x9f, 0x41, 0xc3, 0xa9], '\ufffdA\u00e9'],
]
const fatal = new TextDecoder('utf8', { fatal: true })
for (const [input, text] of cases) {
  equal(decoder.decode(bytes(...input)), text, input.join())
  if (input[0] !== 0xef) throws(() => fatal.decode(bytes(...input)), 'TypeError')
}
equal(fatal.decode(bytes(0xef, 0xbf, 0xbd)), '\ufffd')

// Streams: every way to cut a text in two gives the same.
const text = '\ufeffaé€😀\ufeff!'
const whole = encoder.encode(text)
for (let cut = 0; cut <= whole.length; cut++) {
  const d = new TextDecoder()
  const parts = d.decode(whole.subarray(0, cut), { stream: true }) + d.decode(whole.subarray(cut))
  equal(parts, text.slice(1), `cut at ${cut}`)
}
{
  const d = new TextDecoder()
  let out = ''
  for (const byte of whole) out += d.decode(bytes(byte), { stream: true })
  equal(out + d.decode(), text.slice(1))
  equal(d.decode(bytes(0xf0, 0x9f), { stream: true }), '')
  equal(d.decode(), '\ufffd')
  equal(d.decode(bytes(0xe2, 0x82), { stream: true }), '')
  equal(d.decode(bytes(0x41), { stream: true }), '\ufffdA')
  equal(d.decode(), '')
  // A stream's end makes place for a byte order mark again.
  equal(d.decode(bytes(0xef, 0xbb, 0xbf, 98)), 'b')
}

// UTF-16LE
const wide = new TextDecoder(' UTF-16 ')
equal(wide.encoding, 'utf-16le')
equal(wide.decode(bytes(0xff, 0xfe, 0x41, 0, 0x3d, 0xd8, 0x00, 0xde)), 'A😀')
equal(wide.decode(bytes(0x3d, 0xd8)), '\ufffd')
equal(wide.decode(bytes(0x00, 0xde, 0x41, 0)), '\ufffdA')
equal(wide.decode(bytes(0x41)), '\ufffd')
equal(wide.decode(bytes(0x3d, 0xd8, 0x00), { stream: true }), '')
equal(wide.decode(bytes(0xde)), '😀')
throws(() => new TextDecoder('utf-16le', { fatal: true }).decode(bytes(0, 0xd8)), 'TypeError')

// Labels
equal(new TextDecoder('\tUTF8\n').encoding, 'utf-8')
for (const label of ['', 'latin1', 'utf-32', 'utf-8x', '\x0butf-8', 'utf\u20118']) {
  throws(() => new TextDecoder(label), 'RangeError')
}
throws(() => new TextDecoder('utf-8', 5), 'TypeError')

// A large body, and a detached one.
const big = 'häßlich '.repeat(50000)
equal(decoder.decode(encoder.encode(big)), big)
const gone = new ArrayBuffer(4)
structuredClone(gone, { transfer: [gone] })
equal(decoder.decode(gone), '')

class Mine extends TextDecoder {}
equal(new Mine().decode(bytes(65)), 'A')
assert(new Mine() instanceof Mine)
