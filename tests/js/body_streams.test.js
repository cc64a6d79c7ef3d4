// The stream of a body, in a heap that does not have the library of streams: this
// file does not name it.
import { assert, equal, same, throws } from './assert.js'

const name = 'Readable' + 'Stream'
const text = (await new Request('http://h/', { method: 'POST', body: 'x' }).text())
equal(text, 'x')
{
  const answer = Response.json({ a: 1 })
  const again = new Response(answer.body, answer)
  assert(again.body === answer.body)
  again.headers.set('b', 'c')
  same([...again.headers.keys()], ['b', 'content-type'])
  const copy = again.clone()
  assert(copy.body !== answer.body && again.body !== answer.body)
  same([await again.json(), await copy.json(), answer.bodyUsed, again.bodyUsed], [{ a: 1 }, { a: 1 }, true, true])
  await answer.text().then(() => assert(false), (error) => equal(error.name, 'TypeError'))
  throws(() => new Response(answer.body), 'TypeError')
  const read = new Response('read')
  const { body } = read
  equal(await read.text(), 'read')
  assert(read.bodyUsed && read.body === body)
  Object.assign(globalThis, { read, body })
  const sent = new Request('http://h/', { method: 'POST', body: 'sent' })
  const stream = sent.body
  const other = new Request(sent)
  same([await other.text(), sent.bodyUsed, sent.body === stream], ['sent', true, true])
  throws(() => structuredClone(stream), 'DataCloneError')
  throws(() => Object.getPrototypeOf(stream).getReader.call({}), 'TypeError')
}
globalThis[name] = class {}
throws(() => globalThis.body.getReader(), 'TypeError')
globalThis[name] = Object.getPrototypeOf(globalThis.body).constructor
assert(globalThis.body.locked && globalThis.read.bodyUsed)
// From here on the library is there: read ones are locked.
{
  const read = new Response('read')
  const kept = new Response('kept').body
  const { body } = read
  equal(await read.text(), 'read')
  throws(() => body.getReader(), 'TypeError')
  assert(read.bodyUsed && body.locked)
  same([...(await kept.getReader().read()).value], [107, 101, 112, 116])
}
// The stream of a body that is there: whatever is looked at first.
for (const look of [
  (body) => body.getReader(), (body) => body instanceof globalThis[name], (body) => body.locked, (body) => body.constructor,
  (body) => body.tee, () => globalThis[name],
]) {
  const whole = new Response('whole')
  const { body } = whole
  look(body)
  assert(whole.body === body && body instanceof globalThis[name] && Object.getPrototypeOf(body) === globalThis[name].prototype)
  equal(Object.prototype.toString.call(body), '[object ReadableStream]')
}
{
  const read = new Response('read')
  equal(await read.text(), 'read')
  throws(() => read.body.getReader(), 'TypeError')
  const pieces = []
  for await (const piece of new Response('abc').body) pieces.push(...piece)
  same(pieces, [97, 98, 99])
}
