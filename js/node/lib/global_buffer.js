// The global Buffer, for bundles that use it.
export { Buffer } from 'buffer'
