export const handler = (event, context, done) => {
  done(null, { statusCode: 201, body: 'made' })
}
