export const handler = () => ({
  headers: { 'X-Plain': 'p' },
  multiValueHeaders: { 'X-Multi': ['a', 'b'], 'Content-Type': ['text/csv'] },
  body: '1,2',
})
