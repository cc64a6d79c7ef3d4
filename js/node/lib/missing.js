// What stands for a module of Node that isère does not have, or a package that
// is not installed, when a package imports it: it can be imported, passed around
// and extended; what is called or made of it says what is missing.
function member(path, message) {
  const refuse = () => {
    throw new Error(`cannot call ${path}: ${message}`)
  }
  return new Proxy(function () {}, {
    apply: refuse,
    construct: refuse,
    get(target, key) {
      if (key in target || typeof key === 'symbol') return target[key]
      return key === 'then' || key === '__esModule' ? undefined : member(`${path}.${key}`, message)
    },
  })
}

// What esbuild copies of a module is its own members and its prototype.
exports.module = (name, message, own) =>
  Object.assign(
    Object.create(
      new Proxy({}, {
        get(_target, key) {
          return typeof key === 'symbol' || key === '__esModule' || key === 'default' ? undefined : member(`${name}.${key}`, message)
        },
      })
    ),
    own
  )

exports.absent = (message) => {
  throw new Error(message)
}
