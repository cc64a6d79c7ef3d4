// A handler that breaks everything still gets its answer out.
const { deleteProperty } = Reflect
const everything = globalThis
export const handler = async () => {
  const names = Object.getOwnPropertyNames(globalThis)
  const response = { statusCode: 201, headers: { 'X-A': ['a', 'b'] }, cookies: ['c=1'], body: { list: [1, 2] } }
  JSON.stringify = () => 'wrong'
  Promise.prototype.then = () => {}
  Array.prototype[Symbol.iterator] = undefined
  Array.isArray = () => false
  Object.keys = Object.entries = () => []
  String.prototype.toString = () => 'wrong'
  for (let i = 0; i < names.length; i++) deleteProperty(everything, names[i])
  return response
}
