export const handler = () => ({
  statusCode: 200,
  headers: {
    'content-type': 'text/html', 'Content-Type': 'text/plain',
    'x-three': 'a', 'X-Three': 'b', 'X-THREE': 3,
    'X-Array': ['a', 'b'], 'x-array': ['c', 'd'],
    'X-Kept': 'a', 'x-kept': null, 'x-KEPT': undefined,
    'Set-Cookie': 'a=1', 'set-cookie': ['b=2', 'c=3'],
  },
  cookies: ['d=4'],
  body: 'x',
})
