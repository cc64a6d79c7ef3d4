// A Map is taken for the object of its entries; what has no properties is malformed.
const taken = [
  new Map([['X-A', 'b'], [1, 2], ['Set-Cookie', ['a=1', 'b=2']], ['X-None', null]]),
  new Map(),
  new (class A {})(),
  new Proxy({}, {}),
  new Headers({ a: 'b' }),
  new Set(),
  Promise.resolve({}),
  new URLSearchParams('a=b'),
  () => 1,
  new Map([['two words', 'x']]),
  new Map([[{ toString() { throw new Error('no') } }, 'x']]),
]
Map.prototype.entries = Map.prototype[Symbol.iterator] = () => [].values()
export const handler = ({ path }) => ({ headers: taken[path.slice(1)] })
