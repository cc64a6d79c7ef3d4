/*
 * What a function knows of itself, its server and its request, as a page and as
 * JSON.
 *
 *     isere deploy examples/status.js --to URL \
 *         --route 'GET /status' --route 'GET /status.json'
 *
 * For more than one function, look at /_isere/ or /_isere/metrics.
 */

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

const look = (event, context) => ({
  function: {
    name: context.functionName,
    version: context.functionVersion,
    'memory limit': `${Math.round(context.memoryLimitInMB * 1024)} KB`,
    'time left': seconds(context.getRemainingTimeInMillis()),
    /* From when its top-level code began; another instance has its own. */
    'age of this instance': seconds(performance.now()),
  },
  server: {
    time: new Date().toISOString(),
    environment: process.env.NODE_ENV,
  },
  request: {
    id: context.awsRequestId,
    from: event.requestContext.http.sourceIp,
    protocol: event.requestContext.http.protocol,
    host: event.headers.host,
    'user agent': event.headers['user-agent'] ?? '',
  },
})

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => entities[c])

const table = ([title, rows]) => `<h2>${title}</h2>
<table>
${Object.entries(rows).map(([name, value]) =>
    `<tr><th scope="row">${name}<td>${escape(value)}\n`).join('')}</table>
`

const page = (status) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Status</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1em system-ui, sans-serif }
  body { max-width: 40em; margin: 2em auto; padding: 0 1em }
  th { text-align: left; font-weight: 500; padding-right: 2em }
  td { overflow-wrap: anywhere }
</style>
<h1>Status</h1>
${Object.entries(status).map(table).join('')}`

export const handler = (event, context) => {
  const status = look(event, context)
  if (event.path.startsWith('/status.json')) {
    return { headers: { 'Cache-Control': 'no-store' }, body: status }
  }
  return {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    },
    body: page(status),
  }
}
