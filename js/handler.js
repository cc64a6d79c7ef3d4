// The sample: run `make run`, then open http://127.0.0.1:8080/ and change this
// file. docs/handler.md describes the event, the context and the response.

// Top-level code runs once, before the first request.
const greeting = 'Hello from isère'

// Each request gets the heap as the line above left it.
export const handler = async function (event, context) {
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    body: { message: greeting, method: event.httpMethod, path: event.path },
  }
}
