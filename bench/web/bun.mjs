// bun.mjs MODULE PORT
const { default: app } = await import(process.argv[2])
Bun.serve({ hostname: '127.0.0.1', port: Number(process.argv[3]), fetch: (request) => app.fetch(request) })
