export const handler = event => {
  const url = new URL(`${event.path}?${event.query}`, 'http://user@Example.com:80/base')
  url.searchParams.append('c', 'd e')
  let error
  try { new URL('nonsense') } catch (e) { error = e.name }
  return [url.href, url.host, url.searchParams.get('a'), [...new URLSearchParams('x=1&x=2').getAll('x')], error]
}
