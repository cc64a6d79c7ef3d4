import { hello } from '../words.js'
export const greet = (name, path) => `${hello}, ${name}: ${path}`
