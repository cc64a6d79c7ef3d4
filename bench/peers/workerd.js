// The path without parsing the URL, which would cost more.
const path = (url) => url.slice(url.indexOf('/', 8))

export default {
  fetch: (request) => Response.json({ k: 'value', p: path(request.url) }),
}
