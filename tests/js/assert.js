// What the scripts here need to check things. Each script is a module that
// throws when something is wrong. The runner gives them `__inspect(value)`
// (isere_inspect_text) and `__lastLog()` (the message of the last log line).

// Scripts may spoil the builtins after this has run.
const { is } = Object

export function assert(condition, message = 'assertion failed') {
  if (!condition) throw new Error(message)
}

export function equal(actual, expected, message = '') {
  if (!is(actual, expected)) {
    throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`)
  }
}

export function same(actual, expected, message = '') {
  equal(JSON.stringify(actual), JSON.stringify(expected), message)
}

export function throws(run, name, code) {
  let error
  try {
    run()
  } catch (e) {
    error = e
  }
  assert(error, `${name} was not thrown`)
  assert(error instanceof Error, `not an Error: ${show(error)}`)
  equal(error.name, name, error.message)
  if (code !== undefined) equal(error.code, code)
  return error
}

function show(value) {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
