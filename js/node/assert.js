// node:assert
const { inspect } = require('./lib/inspect.js')
const { isDeepStrictEqual, isDeepLooseEqual } = require('./lib/equal.js')

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`)
    Object.assign(this, { code: 'ERR_ASSERTION', actual, expected, operator, generatedMessage: message === undefined })
  }
  get name() {
    return 'AssertionError'
  }
}

function check(isTrue, actual, expected, message, operator) {
  if (isTrue) return
  if (message instanceof Error) throw message
  throw new AssertionError({ message, actual, expected, operator })
}

function assert(value, message) {
  check(value, value, true, message ?? (arguments.length ? undefined : 'no value was given'), '==')
}

// Whether an error is as a class, a pattern, a function or an object asks for.
function isExpected(error, expected) {
  if (expected === undefined || typeof expected === 'string') return true
  if (expected instanceof RegExp) return expected.test(String(error))
  if (typeof expected !== 'function') {
    return Object.keys(expected).every((key) =>
      expected[key] instanceof RegExp && typeof error[key] === 'string' ? expected[key].test(error[key]) : isDeepStrictEqual(error[key], expected[key]))
  }
  if (expected.prototype !== undefined && error instanceof expected) return true
  return Error.isPrototypeOf(expected) ? false : expected.call({}, error) === true
}

function checkThrown(thrown, expected, message, operator) {
  const text = message ?? (typeof expected === 'string' ? expected : undefined)
  if (!thrown) check(false, undefined, expected, text ?? 'Missing expected exception.', operator)
  check(isExpected(thrown.error, expected), thrown.error, expected, text, operator)
}

const thrownBy = (work) => {
  try {
    work()
  } catch (error) {
    return { error }
  }
}
const rejectedBy = async (work) => {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return { error }
  }
}
const nothing = (thrown, message) => thrown && check(false, thrown.error, undefined, message ?? `Got unwanted exception.\nActual message: "${thrown.error?.message}"`, 'doesNotThrow')

const strictly = {
  equal: (a, b, message) => check(Object.is(a, b), a, b, message, 'strictEqual'),
  notEqual: (a, b, message) => check(!Object.is(a, b), a, b, message, 'notStrictEqual'),
  deepEqual: (a, b, message) => check(isDeepStrictEqual(a, b), a, b, message, 'deepStrictEqual'),
  notDeepEqual: (a, b, message) => check(!isDeepStrictEqual(a, b), a, b, message, 'notDeepStrictEqual'),
}
const shared = {
  AssertionError,
  ok: (...args) => assert(...args),
  strictEqual: strictly.equal,
  notStrictEqual: strictly.notEqual,
  deepStrictEqual: strictly.deepEqual,
  notDeepStrictEqual: strictly.notDeepEqual,
  fail: (message = 'Failed') => check(false, undefined, undefined, message, 'fail'),
  ifError: (error) => {
    if (error !== null && error !== undefined) throw error instanceof Error ? error : new AssertionError({ message: `ifError got unwanted exception: ${error}`, actual: error })
  },
  match: (text, pattern, message) => check(typeof text === 'string' && pattern.test(text), text, pattern, message, 'match'),
  doesNotMatch: (text, pattern, message) => check(typeof text !== 'string' || !pattern.test(text), text, pattern, message, 'doesNotMatch'),
  throws: (work, expected, message) => checkThrown(thrownBy(work), expected, message, 'throws'),
  doesNotThrow: (work, message) => nothing(thrownBy(work), message),
  rejects: async (work, expected, message) => checkThrown(await rejectedBy(work), expected, message, 'rejects'),
  doesNotReject: async (work, message) => nothing(await rejectedBy(work), message),
}

const strict = Object.assign((...args) => assert(...args), shared, strictly)
module.exports = Object.assign(assert, shared, {
  strict,
  equal: (a, b, message) => check(a == b || (a !== a && b !== b), a, b, message, '=='),
  notEqual: (a, b, message) => check(!(a == b || (a !== a && b !== b)), a, b, message, '!='),
  deepEqual: (a, b, message) => check(isDeepLooseEqual(a, b), a, b, message, 'deepEqual'),
  notDeepEqual: (a, b, message) => check(!isDeepLooseEqual(a, b), a, b, message, 'notDeepEqual'),
})
strict.strict = strict
