import { Hono } from 'hono'

const app = new Hono()

app.get('/', (c) => c.text('Hello from Hono'))
app.get('/pets/:id', (c) => c.json({ id: c.req.param('id') }))
app.post('/pets', async (c) => c.json(await c.req.json(), 201))

export default app
