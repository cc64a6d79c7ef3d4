// Deep equality, strict or as ==, for node:assert and util.isDeepStrictEqual.
function tag(value) {
  return Object.prototype.toString.call(value)
}

function sameKeys(a, b, strict, seen) {
  const keys = Reflect.ownKeys(a).filter((key) => Object.prototype.propertyIsEnumerable.call(a, key))
  const others = Reflect.ownKeys(b).filter((key) => Object.prototype.propertyIsEnumerable.call(b, key))
  return keys.length === others.length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key], strict, seen))
}

// A member that no other one took, as equal members may be in another order.
function sameMembers(a, b, strict, seen) {
  const left = [...b]
  return a.size === b.size && [...a].every((item) => {
    const at = left.findIndex((other) => same(item, other, strict, seen))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

function same(a, b, strict, seen) {
  if (strict ? Object.is(a, b) : a == b || (a !== a && b !== b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (tag(a) !== tag(b) || (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b))) return false
  if (seen.some(([x, y]) => x === a && y === b)) return true
  seen = [...seen, [a, b]]
  if (a instanceof Date || a instanceof Number || a instanceof String || a instanceof Boolean) {
    if (!Object.is(a.valueOf(), b.valueOf())) return false
  } else if (a instanceof RegExp) {
    if (String(a) !== String(b) || a.lastIndex !== b.lastIndex) return false
  } else if (a instanceof Error) {
    if (a.name !== b.name || a.message !== b.message) return false
  } else if (a instanceof Map || a instanceof Set) {
    if (!sameMembers(a, b, strict, seen)) return false
  } else if (a instanceof ArrayBuffer || a instanceof DataView) {
    const bytes = (value) => (value instanceof DataView ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value))
    if (!sameKeys(bytes(a), bytes(b), strict, seen)) return false
  } else if (a instanceof Promise || a instanceof WeakMap || a instanceof WeakSet) {
    return false
  }
  if (Array.isArray(a) && a.length !== b.length) return false
  return sameKeys(a, b, strict, seen)
}

export const isDeepStrictEqual = (a, b) => same(a, b, true, [])
export const isDeepLooseEqual = (a, b) => same(a, b, false, [])
