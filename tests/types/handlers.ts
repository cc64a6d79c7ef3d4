// Handlers in every form, and what the types must refuse: a line below a
// ts-expect-error that is right is an error of tsc.

export const plain: Isere.Handler = (event, context) => ({
  statusCode: 200,
  headers: { 'X-Id': 7, 'X-None': null, 'X-Two': ['a', 'b'] },
  body: [event.queryStringParameters?.['lang'], context.getRemainingTimeInMillis()],
})

export const text: Isere.Handler = async ({ path }) => `${path}\n`

export const later: Isere.Handler = (_event, context, done) => {
  setTimeout(() => done(null, { body: context.functionName }), 5)
}

export const failing: Isere.Handler = (_event, _context, done) => done(new Error('no'))

export const first: Isere.HandlerV1 = (event) => event.multiValueHeaders['X-Id'] ?? event.requestContext.identity.sourceIp

export const second: Isere.HandlerV2 = (event) => ({
  cookies: event.cookies ?? [], body: `${event.rawPath} ${event.requestContext.http.method}`,
})

interface Variables extends Isere.Env {
  TABLE: string
}

export default {
  async fetch(request, env, ctx) {
    ctx.waitUntil(Promise.resolve(5))
    return Response.json({ table: env.TABLE, id: ctx.params['id'], method: request.method })
  },
} satisfies Isere.WebHandler<Variables>

interface Pet { name: string }
export const value: Isere.Handler = (): Pet => ({ name: 'Tom' })
export const literal: Isere.Handler = () => ({ name: 'Tom' })
export const list: Isere.Handler = () => [1, 'a']

// @ts-expect-error: a status is a number
export const status: Isere.Handler = () => ({ statusCode: '200' })

// @ts-expect-error: in 2.0 there is no path
export const path: Isere.HandlerV2 = (event) => event.path

export const web = {
  // @ts-expect-error: fetch gives a Response
  fetch: () => 'text',
} satisfies Isere.WebHandler

// @ts-expect-error: there is no fetch
export const call = () => fetch('http://a.example/')

// @ts-expect-error: there is no Buffer
export const buffer = () => Buffer.from('a')

export const environment = () => {
  // @ts-expect-error: the environment is frozen
  process.env['A'] = 'b'
}
