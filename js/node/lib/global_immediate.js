// The globals setImmediate and clearImmediate, for bundles that use them.
export { setImmediate, clearImmediate } from '../timers.js'
