export const handler = (event, context, done) => {
  if (event.path === '/return') {
    setTimeout(done, 1, { body: 'late' })
    return { body: 'first' }
  }
  done({ body: 'first' })
  done({ body: 'second' })
  if (event.path === '/throw') throw new Error('after done')
  return { body: 'third' }
}
