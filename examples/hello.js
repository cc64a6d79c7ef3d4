/*
 * A greeting: the smallest function that does something with its request.
 *
 *     isere deploy examples/hello.js --to URL \
 *         --route 'GET /hello' --route 'GET /hello/{name}'
 */

export const handler = (event) => {
  const name = event.pathParameters?.name ?? 'world'
  return { body: `Hello ${name}\n` }
}
