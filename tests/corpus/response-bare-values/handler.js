const values = {
  '/string': 'text', '/number': 7, '/false': false, '/null': null, '/array': ['a'], '/object': { key: 'value' },
  '/bytes': new Uint8Array([104, 105]), '/response': { body: 'as response', extra: 1 },
}
export const handler = async ({ path }) => values[path]
