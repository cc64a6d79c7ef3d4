// bench/handler.js in the form of the web.
const path = (url) => url.slice(url.indexOf('/', 8))
export default { fetch: (request) => Response.json({ k: 'value', p: path(request.url) }) }
