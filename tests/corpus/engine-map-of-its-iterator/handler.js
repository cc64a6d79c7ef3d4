// What a map holds is all that keeps the record which comes next.
export const handler = async () => {
  const map = new Map([[1, 0], [2, 0], [3, 0]])
  const keys = []
  let iterator = map.entries()
  iterator.next()
  iterator.next()
  map.delete(2)
  map.set(1, iterator)
  iterator = null
  map.forEach((value, key) => {
    keys.push(key)
    map.set(1, 0)
  })
  iterator = map.entries()
  iterator.next()
  iterator.next()
  map.delete(3)
  map.set(1, iterator)
  iterator = null
  map.clear()
  return [keys, map.size]
}
