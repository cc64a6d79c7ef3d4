// Maps and Sets that hold the iterators that walk over them.
import { equal, same } from './assert.js'

// An iterator that is all that keeps the second record, which is deleted.
function keeper(map) {
  const iterator = map.entries()
  iterator.next()
  iterator.next()
  map.delete(2)
  return iterator
}
const three = () => new Map([[1, 0], [2, 0], [3, 0]])

const cleared = three()
cleared.set(1, keeper(cleared))
cleared.clear()
equal(cleared.size, 0)
same([...cleared.set(4, 5)], [[4, 5]])

const asKey = new Map()
asKey.set(1, 0).set(2, 0).set(3, 0)
asKey.set(keeper(asKey), 1)
asKey.clear()
equal(asKey.size, 0)

const removed = three()
removed.set(1, keeper(removed))
removed.delete(1)
same([...removed.keys()], [3])

const replaced = three()
replaced.set(1, keeper(replaced))
replaced.set(1, 7)
same([...replaced], [[1, 7], [3, 0]])

function walk(map) {
  const seen = []
  map.forEach((value, key) => {
    seen.push(key)
    if (key === 1) return keeper(map)
  })
  return seen
}
same(walk(three()), [1, 3])
same(walk(new Set([1, 2, 3])), [1, 3])

const inside = three()
const seen = []
inside.forEach((value, key) => {
  seen.push(key)
  if (key === 1) inside.set(3, keeper(inside))
  if (key === 3) inside.set(3, 0).set(4, 0)
  if (key === 4) inside.clear()
})
same(seen, [1, 3, 4])
equal(inside.size, 0)

// The same with weak ones: they have no iterators, but values.
const weak = new WeakMap()
let key = {}
weak.set(key, [weak, key])
weak.set(key, { weak })
equal(weak.get(key).weak, weak)
weak.delete(key)
equal(weak.has(key), false)
