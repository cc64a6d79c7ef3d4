// What bench/arm counts: the same without the cost of methods of strings.
export default { fetch: (request) => Response.json({ k: 'value', p: request.url }) }
