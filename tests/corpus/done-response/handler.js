export const handler = (event, context, done) => {
  done({ statusCode: 201, body: 'made' })
}
