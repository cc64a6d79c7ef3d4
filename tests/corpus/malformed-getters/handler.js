const throwing = { get() { throw new Error('from the response') } }
const responses = {
  '/getter': () => Object.defineProperty({ statusCode: 200 }, 'body', throwing),
  '/headers': () => ({ headers: Object.defineProperty({}, 'X-A', { ...throwing, enumerable: true }) }),
  '/proxy': () => new Proxy({}, { get(target, name) { if (name === 'then') return undefined; throw new Error('proxy') } }),
  '/ownkeys': () => ({ headers: new Proxy({}, { ownKeys() { throw new Error('keys') } }) }),
  '/revoked': () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { body: proxy } },
  '/value': () => ({ headers: { 'X-A': { toString() { throw new Error('value') } } } }),
}
export const handler = ({ path }) => responses[path]()
