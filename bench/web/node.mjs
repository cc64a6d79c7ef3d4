// node.mjs MODULE PORT: an application on Node, through Hono's adapter.
import { serve } from '@hono/node-server'

const { default: app } = await import(process.argv[2])
serve({ fetch: (request) => app.fetch(request), hostname: '127.0.0.1', port: Number(process.argv[3]) })
