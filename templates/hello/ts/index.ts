// Top-level code runs once; each request gets the heap as it left it.
const greeting = process.env.GREETING ?? 'Hello'

export const handler: Isere.Handler = async (event) => {
  const name = event.pathParameters?.name ?? event.queryStringParameters?.name ?? 'you'
  console.log('greeting', name)
  return { message: `${greeting}, ${name}` }
}
