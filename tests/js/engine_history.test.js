// What fixes of the engine after its release were about; see
// third_party/quickjs/HISTORY.md. Each crashed, or read or wrote memory that
// it should not have, before it was patched here.
import { assert, equal, same, throws } from './assert.js'

// Makes cycles until the collector has run, and leaves references to dead
// objects in the memory that it gave back.
const collect = () => {
  const registry = []
  for (let i = 0; i < 40; i++) {
    for (let k = 0; k < 100; k++) {
      const cycle = { k }
      cycle.self = cycle
    }
    registry[i] = Array.from({ length: 100 }, () => ({ i }))
  }
}

// 0030: a rope as the space of JSON.stringify
{
  let space = 'a'.repeat(6000) + 'b'.repeat(6000)
  for (let i = 0; i < 10; i++) space += 'c'.repeat(700)
  const wide = 'é'.repeat(9000) + '→'.repeat(9000)
  equal(JSON.stringify({ x: 1 }, null, space), `{\n${'a'.repeat(10)}"x": 1\n}`)
  equal(JSON.stringify({ x: 1 }, null, wide), `{\n${'é'.repeat(10)}"x": 1\n}`)
  equal(JSON.stringify({ x: 1 }, null, new String(space)), `{\n${'a'.repeat(10)}"x": 1\n}`)
}

// 0032: a collection while the elements of a new array are got
for (const name of ['with', 'toReversed', 'toSorted', 'toSpliced']) {
  const args = { with: [1, 'new'], toSpliced: [1, 1, 'new'] }[name] ?? []
  for (let round = 0; round < 3; round++) {
    collect()
    const list = { length: 100, get 50() { collect(); return 'late' }, get 3() { collect(); return 'late' } }
    const result = Array.prototype[name].apply(list, args)
    equal(result.length, 100)
    equal(result.filter(v => v === 'late').length, 2, name)
  }
  // A getter that throws leaves nothing half done.
  const broken = { length: 100, get 60() { collect(); throw new RangeError('broken') } }
  throws(() => Array.prototype[name].apply(broken, args), 'RangeError')
  collect()
}

// 0032: sizes in bytes that 32 bits don't hold
for (const length of [0x1fffffff, 0x20000000, 0x20000001, 0x3fffffff, 0x40000001, 0x7fffffff]) {
  for (const [name, ...args] of [['with', 0, 0], ['toReversed'], ['toSorted'], ['toSpliced', 0, 0]]) {
    throws(() => Array.prototype[name].apply({ length }, args), 'InternalError')
  }
}
{
  const list = [1, 2, 3]
  list.length = 0x7fffffff
  equal(list.push(4), 0x80000000)
  equal(list[0x7fffffff], 4)
}

// 0048: a yield in the expression of for-of, left in each way
{
  let closed = 0
  const list = { [Symbol.iterator]: () => ({ next: () => ({ value: 'x' }), return: () => ({ closed: closed++ }) }) }
  function* loop() {
    for (const x of (yield 'first')) yield x
  }
  const run = () => {
    const loops = loop()
    equal(loops.next().value, 'first')
    return loops
  }
  equal(run().return('early').value, 'early')
  throws(() => run().throw(new RangeError('early')), 'RangeError')
  equal(closed, 0)
  const loops = run()
  equal(loops.next(list).value, 'x')
  equal(loops.return('late').value, 'late')
  equal(closed, 1)
}

// What held already, and stays so.
{
  const list = [{ x: 0 }, { x: 1 }]
  delete list[1]
  list.push({ y: 2 })
  collect()
  same(list, [{ x: 0 }, null, { y: 2 }])
  const other = [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }, { e: 5 }]
  other.length = 2
  other.length = 5
  other.push({ f: 6 })
  collect()
  same(other, [{ a: 1 }, { b: 2 }, null, null, null, { f: 6 }])
}
assert(true)
