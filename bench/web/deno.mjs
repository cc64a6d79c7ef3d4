// deno.mjs MODULE PORT
const { default: app } = await import(Deno.args[0])
Deno.serve(
  { hostname: '127.0.0.1', port: Number(Deno.args[1]), onListen() {} },
  (request) => app.fetch(request),
)
