// A JSON API. There is no state between requests: the catalogue is part of the
// code, and a quote is computed, not stored.
interface Part {
  id: string
  name: string
  cents: number
}

const parts: Part[] = [
  { id: 'm3x8', name: 'Screw M3 x 8', cents: 4 },
  { id: 'nut-m3', name: 'Nut M3', cents: 2 },
]

const answer = (value: unknown, status = 200) => Response.json(value, { status })
const wrong = (message: string, status = 400) => answer({ message }, status)

const quote = async (part: Part, request: Request) => {
  const order = await request.json().catch(() => null)
  const quantity = order?.quantity
  if (!Number.isInteger(quantity) || quantity < 1) return wrong('quantity must be a whole number from 1')
  return answer({ id: part.id, quantity, cents: quantity * part.cents }, 201)
}

export default {
  async fetch(request) {
    const [, , id, what] = new URL(request.url).pathname.split('/')
    const part = parts.find((one) => one.id === id)
    if (!id) return request.method === 'GET' ? answer(parts) : wrong('parts can only be read', 405)
    if (!part) return wrong(`there is no part ${id}`, 404)
    if (!what) return request.method === 'GET' ? answer(part) : wrong('parts can only be read', 405)
    if (what !== 'quotes') return wrong('a part has only quotes', 404)
    return request.method === 'POST' ? quote(part, request) : wrong('quotes can only be asked for', 405)
  },
} satisfies Isere.WebHandler
