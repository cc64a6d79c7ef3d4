// Arrays that get longer: all of an addition or nothing, and in the order of
// the language.
import { assert, equal, same, throws } from './assert.js'

// Leaves less than 1 KB of the heap.
const fill = () => {
  const held = []
  for (const size of [262144, 65536, 16384, 4096, 1024]) {
    try {
      for (;;) held.push(new Uint8Array(size))
    } catch {}
  }
  return held
}

// 0062: an addition that there is no memory for leaves the array as it was
const additions = {
  index: (a) => { a[a.length] = 1 },
  push: (a) => a.push(1),
  pushes: (a) => a.push(1, 2, 3),
  unshift: (a) => a.unshift(1),
  unshifts: (a) => a.unshift(1, 2, 3),
  splice: (a) => a.splice(1, 0, 1),
  splices: (a) => a.splice(1, 1, 1, 2, 3, 4),
  define: (a) => Object.defineProperty(a, a.length, { value: 1, writable: true, enumerable: true, configurable: true }),
}
const slow = ['index', 'push', 'define'] // with a property for each element
for (const name in additions) {
  for (const is_slow of slow.includes(name) ? [false, true] : [false]) {
    const add = additions[name]
    const list = [0, 0]
    if (is_slow) {
      delete list[0]
      list[0] = 0
    }
    let held = fill()
    let before, thrown
    try {
      for (;;) {
        before = list.length
        add(list)
      }
    } catch (error) {
      thrown = error
    }
    const after = list.length
    held = null
    // null when there was no memory for an error
    assert(thrown === null || thrown?.name === 'InternalError', String(thrown))
    equal(after, before, name)
    equal(list.filter((value) => typeof value === 'number').length, before, name)
    list.push('end')
    equal(list.at(-1), 'end')
    equal(list.length, before + 1)
  }
}

// The same by the language: an element that is refused makes nothing longer.
for (const list of [[1, 2], Object.defineProperty([1, 2], 0, { enumerable: false })]) {
  Object.preventExtensions(list)
  throws(() => Object.defineProperty(list, 5, { value: 1 }), 'TypeError')
  throws(() => list.push(3), 'TypeError')
  throws(() => list.unshift(3), 'TypeError')
  equal(list.length, 2)
}
{
  const list = Object.preventExtensions(Object.defineProperty([1, 2, 3], 1, { get: () => 5 }))
  throws(() => Object.defineProperty(list, 9, { value: 1 }), 'TypeError')
  equal(Reflect.defineProperty(list, 9, { value: 1 }), false)
  equal(list.length, 3)
  const fixed = Object.defineProperty([1, 2], 'length', { writable: false })
  for (const run of [() => fixed.push(3, 4), () => fixed.unshift(3, 4), () => fixed.splice(1, 0, 3, 4)]) {
    throws(run, 'TypeError')
    equal(fixed.length, 2)
  }
}

// What push, unshift and splice give, in one step or element by element.
for (const make of [() => [1, 2, 3], () => { const a = [0, 2, 3]; delete a[0]; a[0] = 1; return a },
  () => class extends Array {}.from([1, 2, 3]), () => new Proxy([1, 2, 3], {})]) {
  for (const [name, args, result, list] of [
    ['push', [], 3, [1, 2, 3]], ['push', [4], 4, [1, 2, 3, 4]], ['push', [4, 5, 6], 6, [1, 2, 3, 4, 5, 6]],
    ['unshift', [], 3, [1, 2, 3]], ['unshift', [4], 4, [4, 1, 2, 3]],
    ['unshift', [4, 5, 6, 7], 7, [4, 5, 6, 7, 1, 2, 3]],
    ['splice', [0, 0, 4, 5], [], [4, 5, 1, 2, 3]], ['splice', [1, 1, 4, 5, 6], [2], [1, 4, 5, 6, 3]],
    ['splice', [3, 0, 4, 5], [], [1, 2, 3, 4, 5]], ['splice', [0, 3, 4, 5, 6, 7], [1, 2, 3], [4, 5, 6, 7]],
    ['splice', [-1, 5, 4, 5], [3], [1, 2, 4, 5]], ['splice', [0, 2, 4], [1, 2], [4, 3]],
  ]) {
    const array = make()
    same(array[name](...args), result)
    same(array, list, name)
    array.push('end')
    equal(array.length, list.length + 1)
  }
}
{
  const list = [1, 2]
  list.push(...list, list)
  equal(list.length, 5)
  list.unshift(...list)
  equal(list.length, 10)
  const empty = []
  equal(empty.unshift('a', 'b'), 2)
  same(empty, ['a', 'b'])
  const holes = [1, , 3]
  holes.unshift(8, 9)
  same(Object.keys(holes), ['0', '1', '2', '4'])
  const longer = [1]
  longer.length = 3
  equal(longer.push(4, 5), 5)
  same(Object.keys(longer), ['0', '3', '4'])
}
// A setter of a prototype gets the element.
{
  const seen = []
  const proto = Object.create(Array.prototype, { 2: { set(value) { seen.push(value) }, get: () => 'got' } })
  const list = Object.setPrototypeOf([1, 2], proto)
  list.push('x', 'y')
  same(seen, ['x'])
  equal(Object.hasOwn(list, 2), false)
  equal(list.length, 4)
}
