// What the engine says of something that can't be called.
import { equal, throws } from './assert.js'

const called = (run, name) =>
  equal(throws(run, 'TypeError').message, `cannot call '${name}': not a function`)
const constructed = (run, name) =>
  equal(throws(run, 'TypeError').message, `cannot construct '${name}': not a constructor`)
const nameless = (run, message = 'not a function') =>
  equal(throws(run, 'TypeError').message, message)

const o = { b: {}, n: 1 }
const yes = 1
const no = undefined
let outer = 5

// Variables of every kind.
called(() => { const local = 1; local() }, 'local')
called(() => ((argument) => { argument(1) })(2), 'argument')
called(() => { outer(1, 2, 3, 4, 5) }, 'outer')
globalThis.anywhere = 1
called(() => anywhere(), 'anywhere')
called(() => ((a, b, c, d, e, f) => f(a))(1, 2, 3, 4, 5, 6), 'f')

// Properties.
called(() => { o.missing() }, 'o.missing')
called(() => { o.b.c() }, 'o.b.c')
called(() => JSON.parsee('1'), 'JSON.parsee')
called(() => 'abc'.length(), 'length')
called(() => [1].filter((x) => x).mapp((x) => x), 'mapp')
called(() => { o.n`x${1}` }, 'o.n')
class Base { run() { this.later(1) } }
called(() => new Base().run(), 'this.later')
called(() => { (0, o.b.c)(1) }, 'o.b.c')
called(() => { o?.n() }, 'o.n')
called(() => { o.b?.c(1) }, 'o.b.c')

// Whatever stands between the parentheses.
called(() => o.go(yes ? 1 : 2, yes && 3, no ?? 4, no || 5, o?.b?.c), 'o.go')
called(() => o.go([1].map((x) => x), { a: 1, ...{ b: 2 } }, `t${1}`), 'o.go')
called(() => { for (const x of [1]) { x.y(x ? 1 : 2) } }, 'x.y')
called(() => { try { throw 1 } catch (e) { e.x(e) } finally { o.b } }, 'e.x')
called(() => { switch (yes) { case 1: o.r(1) } }, 'o.r')
called(() => o.f(o.g(1), 2), 'o.g')
const numbers = function* () { o.k(yield 1) }
called(() => { const n = numbers(); n.next(); n.next() }, 'o.k')
let awaited
await (async () => { o.m(await 1) })().catch((error) => { awaited = error })
equal(awaited.message, "cannot call 'o.m': not a function")

// Constructors.
constructed(() => new outer(1, 2), 'outer')
constructed(() => new o.b.C(), 'o.b.C')
constructed(() => { const arrow = () => 1; new arrow() }, 'arrow')

// What has no name, or might be one of several, gets none; nor does what a
// builtin calls.
nameless(() => { (o.x || o.y)(1) })
nameless(() => { (yes ? o.x : o.y)(1) })
nameless(() => { [1][0]() })
nameless(() => { outer(...[1]) })
nameless(() => [2, 1].sort(1))
nameless(() => { Base.name; return 1 + { [Symbol.toPrimitive]: 5 } })
nameless(() => { Math.max(1); return [1].map(2) })
nameless(() => Reflect.construct(1, []), 'not a constructor')

// Long names are cut.
const long = 'x'.repeat(300)
globalThis.run = new Function('o', `o.${long}()`)
const { message } = throws(() => run(o), 'TypeError')
equal(message.slice(0, 20), "cannot call 'o.xxxxx")
equal(message.length < 160, true)
