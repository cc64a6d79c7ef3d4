const sorted = value => Array.isArray(value) || value === null || typeof value !== 'object'
  ? value
  : Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]))
export const handler = event => ({ statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: sorted(event) })
