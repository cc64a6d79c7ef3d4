// bench/handler.js in the form of the web.
export default { fetch: (request) => Response.json({ k: 'value', p: request.url }) }
