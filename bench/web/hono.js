// An application with three routes and a middleware.
import { Hono } from 'hono'

const app = new Hono()
app.use(async (c, next) => {
  await next()
  c.header('X-Served-By', 'hono')
})
app.get('/', (c) => c.json({ k: 'value', p: c.req.path }))
app.get('/some/:name', (c) => c.json({ k: 'value', p: `/some/${c.req.param('name')}` }))
app.post('/items', async (c) => c.json(await c.req.json(), 201))
export default app
