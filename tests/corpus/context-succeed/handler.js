export const handler = (event, { succeed, fail, done }) => {
  const answers = {
    '/succeed': () => succeed({ statusCode: 201, body: 'ok' }),
    '/value': () => succeed('value'),
    '/nothing': () => succeed(),
    '/first': () => { succeed('first'); fail(new Error('second')); done(null, 'third') },
    '/later': () => setTimeout(succeed, 5, 'later'),
    '/done': () => done(null, { statusCode: 202, body: 'done' }),
    '/undefined': () => done(undefined, 'done'),
    '/fail': () => fail(new Error('asked for')),
    '/text': () => fail('a text'),
    '/done-error': () => done(new Error('asked for')),
    '/done-text': () => done('a text', 'ignored'),
    '/fail-later': () => setTimeout(() => fail(new Error('asked for')), 5),
    '/fail-nothing': () => fail(),
  }
  answers[event.path ?? event.rawPath]()
}
