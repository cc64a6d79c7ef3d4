export const handler = (event, context, done) => {
  setTimeout(done, 10, null, { body: 'later' })
}
