// A small answer, as most requests get one.
export const handler = async (event) => ({
  statusCode: 200,
  headers: { 'Content-Type': 'application/json' },
  body: { k: 'value', p: event.path },
})
