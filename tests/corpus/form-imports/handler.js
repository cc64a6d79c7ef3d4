import { greet } from './lib/greet.js'
import * as words from './words.js'
export const handler = event => greet(words.name, event.path)
