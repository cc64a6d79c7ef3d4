// 64 fields are the most; each element of an array and each cookie is one.
const fields = n => Object.fromEntries(Array.from({ length: n }, (_, i) => [`X-${i}`, 'v']))
export const handler = ({ path }) => ({
  '/64': { headers: fields(64) },
  '/65': { headers: fields(65) },
  '/array64': { headers: { 'X-A': Array(64).fill('v') } },
  '/array65': { headers: { 'X-A': Array(65).fill('v') } },
  '/cookies': { headers: fields(60), cookies: ['a=1', 'b=2', 'c=3', 'd=4', 'e=5'] },
  '/own': { headers: { ...fields(63), 'Content-Type': 'text/plain' }, body: 'ok' },
})[path]
