// The path without parsing the URL, which would cost more.
const path = (url) => url.slice(url.indexOf('/', 8))

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch: (request) => Response.json({ k: 'value', p: path(request.url) }),
})
