// All tests of the dashboard, one after the other, in one browser.

import { after, before } from 'node:test'
import { launch, quit } from './support.mjs'

before(launch)
after(quit)

await import('./build.mjs')
await import('./login.mjs')
await import('./deploy.mjs')
await import('./watch.mjs')
await import('./people.mjs')
await import('./safety.mjs')
