export const handler = async function (event, context, done) {
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: { key: 'value' } }
}
