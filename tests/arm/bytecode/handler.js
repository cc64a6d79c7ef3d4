// What bytecode of one machine can hold that another might read differently:
// numbers of all kinds, strings of both widths, regular expressions, big
// integers, templates, classes, generators, async code, imported modules.
import { label, Counter } from './part.js'

const numbers = [0, -1, 2 ** 31, 1.5, -0.1, 1e300, NaN, 123456789012345]
const big = 2n ** 80n + 1n
const wide = 'snow \u2603 and \u{1f600}'
const pattern = /(\d+)-(?<word>[a-zé]+)/iu

function* powers() {
  for (let i = 1; i < 5; i++) yield 2 ** i
}

export const handler = async (event) => {
  const counter = new Counter()
  for (const power of powers()) counter.add(power)
  const match = pattern.exec('x 42-Été y')
  await null
  return {
    label,
    path: event.path,
    numbers,
    big: String(big),
    wide,
    total: counter.total,
    word: match.groups.word,
    text: `${match[1]}:${wide.length}`,
  }
}
