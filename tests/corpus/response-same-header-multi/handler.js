export const handler = () => ({
  headers: { 'content-type': 'text/html', 'x-other': 'a', 'X-Same': 'a', 'X-Pair': 'a', Location: '/a', 'Set-Cookie': 'a=1' },
  multiValueHeaders: {
    'Content-Type': ['text/plain'], 'X-Other': ['b', 'c'], 'X-Same': ['b', 'c'], 'X-Pair': ['b', 'a'], Location: ['/b'], 'set-cookie': ['b=2'],
  },
  body: 'x',
})
