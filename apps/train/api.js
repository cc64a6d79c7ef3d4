// What an API does with a request: read it, look things up, build an answer.
const stock = new Map([['widget', { de: 12, at: 3 }], ['new', { de: 0 }]])

const routes = [
  [/^\/pets\/(\d+)$/, (id, event) => ({
    id: Number(id),
    sort: event.queryStringParameters?.sort ?? 'none',
    tags: event.multiValueQueryStringParameters?.tag ?? [],
    theme: event.cookies.find((c) => c.startsWith('theme='))?.slice(6),
  })],
  [/^\/items(?:\/(\w+))?$/, (id, event) => {
    const { name, price = 0, tags = [] } = event.body ?? {}
    return { id: id ?? null, name, gross: +(price * 1.19).toFixed(2),
      tags: tags.map((t) => t.toUpperCase()).sort(), in: stock.get(name) ?? {} }
  }],
]

export const handler = async (event, context) => {
  for (const [pattern, run] of routes) {
    const match = pattern.exec(event.path)
    if (match) {
      const result = run(match[1], event)
      return { statusCode: 200, headers: { 'x-request': context.awsRequestId },
        body: JSON.stringify({ ok: true, ...result }),
        cookies: ['seen=1; Path=/'] }
    }
  }
  return { body: [...new URLSearchParams(event.query).keys()].join() }
}
