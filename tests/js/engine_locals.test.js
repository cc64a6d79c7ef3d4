// `x += y` on a local that the conversion of y assigns to, and strings that
// grow in place.
import { equal } from './assert.js'

function add(first, second) {
  let local = first
  const change = { toString() { local = second; return '!' } }
  local += change
  return local
}

equal(add('text', 1), 'text!')
equal(add('text', 1.5e-300), 'text!')
equal(add('text', 5e-324), 'text!')
equal(add('text', undefined), 'text!')
equal(add('a'.repeat(10000), 'b'), 'a'.repeat(10000) + '!')
equal(add(1, 'text'), '1!')
equal(add(1.5, 'text'), '1.5!')
equal(add(null, {}), 'null!')

// The string that the local held is gone by then.
function free() {
  let local = ['x'].join('') + 'y'.repeat(20)
  local += { toString() { local = 0; return 'z'.repeat(20) + [1, 2, 3].join() } }
  return local
}
equal(free(), 'x' + 'y'.repeat(20) + 'z'.repeat(20) + '1,2,3')

function throwing() {
  let local = 'text'
  try {
    local += { toString() { local = 1.5; throw new Error('mine') } }
  } catch {
    return local
  }
}
equal(throwing(), 1.5)

function numbers() {
  let local = 'a'
  local += 1
  local += 1.5
  local += null
  local += undefined
  local += true
  local += 10n ** 30n
  local += [1, 2]
  local += '€'
  local += 'b'.repeat(9000)
  return local
}
equal(numbers(), 'a11.5nullundefinedtrue1' + '0'.repeat(30) + '1,2€' + 'b'.repeat(9000))

function others() {
  const results = []
  for (const run of [
    () => { let x = 'a'; x -= { valueOf() { x = 2; return 1 } }; return x },
    () => { let x = 5; x *= { valueOf() { x = 'a'; return 2 } }; return x },
    () => { let x = { valueOf() { x = 1.5; return 7 } }; x++; return x },
    () => { let x = { valueOf() { x = 'abc'; return 7 } }; x--; return x },
    () => { let x = { valueOf() { x = 'abc'; return 7 } }; return -x + x },
    () => { let x = 3n; x **= { valueOf() { x = 'a'; return 2n } }; return x },
  ]) results.push(run())
  return results.join()
}
equal(others(), 'NaN,10,8,6,-7abc,9')

// In a generator the locals are in the heap.
function* generator() {
  let local = 'text'
  local += { toString() { local = yielded; return '?' } }
  yield local
}
const yielded = 2.5
equal([...generator()][0], 'text?')

// A string that nobody else holds grows in place, but not the name of a property.
for (let n = 1; n < 20; n++) {
  const name = 'name' + 'abcdefghijklmnopqrst'.slice(0, n)
  const longer = JSON.parse(`{"${name}x": ${n}}`)
  const key = Object.keys(JSON.parse(`{"${name}": 1}`))[0] + 'x'
  equal(longer[key], n)
  equal(key, Object.keys(longer)[0])
}
