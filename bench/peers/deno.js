// The path without parsing the URL, which would cost more.
const path = (url) => url.slice(url.indexOf('/', 8))

Deno.serve(
  { hostname: '127.0.0.1', port: Number(Deno.args[0]), onListen() {} },
  (request) => Response.json({ k: 'value', p: path(request.url) }),
)
