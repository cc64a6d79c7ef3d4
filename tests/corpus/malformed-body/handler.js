const cyclic = {}
cyclic.self = cyclic
const bodies = [() => 1, Symbol('s'), 1n, cyclic, { toJSON() { throw new Error('toJSON') } }, { get a() { throw new Error('getter') } },
  { toJSON: () => undefined }, { deep: [1n] }]
export const handler = ({ path }) => ({ statusCode: 200, body: bodies[path.slice(1)] })
