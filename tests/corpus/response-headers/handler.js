export const handler = () => ({
  statusCode: 200,
  headers: {
    'X-String': 'text', 'x-number': 42, 'X-Boolean': false, 'X-Null': null, 'X-Undefined': undefined, 'X-Latin': '\u00e9\u00ff',
    'X-Array': ['a', 2, true], 'X-Empty': '', 'CONTENT-TYPE': 'text/html',
  },
  body: '<p>',
})
