export const handler = (event, context, done) => {
  done(new Error('no luck'))
}
