// node:process, and what packages find as the global: nothing of it is a
// process's own, as there is none for a handler.
const stream = (write) => ({
  write: (text) => (write(String(text).replace(/\n$/, '')), true),
  isTTY: false,
  fd: -1,
  on() { return this },
  once() { return this },
  end() {},
})
const none = () => process
const refuse = (name, why) => () => {
  throw new Error(`process.${name}: ${why}`)
}
const hrtime = (before) => {
  const now = performance.now()
  const time = [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)]
  if (!before) return time
  const [seconds, rest] = [time[0] - before[0], time[1] - before[1]]
  return rest < 0 ? [seconds - 1, rest + 1e9] : [seconds, rest]
}
hrtime.bigint = () => BigInt(Math.floor(performance.now() * 1e6))

const process = {
  // A copy: packages write into it, and the function's own is frozen.
  env: { ...globalThis.process.env },
  title: 'isere',
  argv: ['isere'],
  execArgv: [],
  // Packages ask for a version of Node to use what they find otherwise.
  version: '',
  versions: {},
  release: { name: 'isere' },
  platform: 'isere',
  arch: '',
  pid: 1,
  browser: false,
  exitCode: undefined,
  stdout: stream((text) => console.log(text)),
  stderr: stream((text) => console.error(text)),
  nextTick: (work, ...args) => queueMicrotask(() => work(...args)),
  hrtime,
  uptime: () => performance.now() / 1000,
  cwd: () => '/',
  chdir: refuse('chdir', 'handlers have no folders'),
  exit: refuse('exit', 'a handler does not end the server: return or throw'),
  abort: refuse('abort', 'a handler does not end the server: throw'),
  binding: refuse('binding', 'there are none'),
  emitWarning: (warning, name) => console.warn(warning instanceof Error ? String(warning) : `${typeof name === 'string' ? name : (name?.type ?? 'Warning')}: ${warning}`),
  // Signals and the like: nothing of the kind happens.
  on: none,
  once: none,
  off: none,
  addListener: none,
  prependListener: none,
  removeListener: none,
  removeAllListeners: none,
  emit: () => false,
  listeners: () => [],
  listenerCount: () => 0,
}
module.exports = process
