/*
 * A JSON API: a catalogue of parts, and prices for an order.
 *
 *     isere deploy examples/parts/parts.js --to URL \
 *         --route 'GET /parts' --route 'GET /parts/{id}' \
 *         --route 'POST /parts/{id}/quotes'
 *
 * Every request starts in the heap that this top-level code left, so nothing
 * can be stored: an array that one request fills is empty for the next. What is
 * known when it is deployed fits well, though: it is built once, here, and
 * costs the requests nothing. To change the catalogue, deploy another one.
 */
import { checkQuote } from './check.js'

const parts = new Map([
  { id: 'm3x8', name: 'Screw M3 x 8', cents: 4, stock: 12000 },
  { id: 'm3-nut', name: 'Nut M3', cents: 3, stock: 9500 },
  { id: 'rpi-pico2', name: 'Raspberry Pi Pico 2', cents: 550, stock: 40 },
].map((part) => [part.id, part]))

const problem = (statusCode, message, problems) => ({
  statusCode,
  body: { message, problems },
})

const list = (event) => {
  const wanted = event.queryStringParameters?.name?.toLowerCase() ?? ''
  const found = [...parts.values()].filter((part) =>
    part.name.toLowerCase().includes(wanted))
  return { body: { parts: found } }
}

const show = (part) => ({ body: part })

const quote = (part, event) => {
  const { order, problems } = checkQuote(event.body, part)
  if (problems.length > 0) {
    return problem(422, 'the order is not right', problems)
  }
  const discount = order.quantity >= 100 ? 0.1 : 0
  return {
    statusCode: 201,
    body: {
      part: part.id,
      quantity: order.quantity,
      express: order.express,
      cents: Math.round(part.cents * order.quantity * (1 - discount)) +
        (order.express ? 900 : 0),
    },
  }
}

/* Of the routes with {id}. */
const onPart = { 'GET /parts/{id}': show, 'POST /parts/{id}/quotes': quote }

export const handler = (event) => {
  const route = event.requestContext.routeKey
  if (route === 'GET /parts') {
    return list(event)
  }
  const act = onPart[route]
  if (!act) {
    return problem(404, `deployed with a route it does not know: ${route}`)
  }
  const part = parts.get(event.pathParameters.id)
  return part
    ? act(part, event)
    : problem(404, `there is no part ${event.pathParameters.id}`)
}
