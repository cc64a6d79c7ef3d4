// The global process, for bundles that use more of it than env.
export { default as process } from '../process.js'
