export const handler = (event) => {
  const plain = (n) => n === 0 ? 0 : 1 + plain(n - 1)
  function declared (n, a, b) { return n === 0 ? a + b : 1 + declared(n - 1, b, a) }
  class Tree { depth (n) { return n === 0 ? 0 : 1 + this.depth(n - 1) } }
  const spread = (...n) => n[0] === 0 ? 0 : 1 + spread(...[n[0] - 1])
  const getter = (n) => ({ get depth () { return n === 0 ? 0 : 1 + getter(n - 1).depth } })
  const caught = (n) => { try { return n === 0 ? 0 : 1 + caught(n - 1) } finally { n = 0 } }
  let list = []
  let object = {}
  for (let i = 0; i < 1500; i++) {
    list = [list]
    object = { object }
  }
  return [
    plain(1000), declared(1000, 0, 0), new Tree().depth(1000), spread(1000), getter(1000).depth, caught(1000),
    JSON.stringify(list).length, JSON.stringify(object).length, JSON.stringify(JSON.parse('['.repeat(1500) + ']'.repeat(1500))).length,
    JSON.stringify(structuredClone(list)).length,
  ]
}
