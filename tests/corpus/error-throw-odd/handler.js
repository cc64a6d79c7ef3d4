const odd = ['text', null, undefined, 7, {}, Symbol('s'), new Proxy({}, { get() { throw 1 } })]
export const handler = ({ path }) => {
  throw odd[path.slice(1)]
}
