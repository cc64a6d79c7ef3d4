export const handler = () => {
  const value = { date: new Date(0), map: new Map([['k', new Set([1])]]), bytes: new Uint8Array([1, 2]), list: [undefined, null] }
  value.self = value
  const copy = structuredClone(value)
  let error
  try { structuredClone(() => {}) } catch (e) { error = e.name }
  return [copy !== value, copy.self === copy, copy.date.getTime(), [...copy.map.get('k')], [...copy.bytes], copy.list.length, error]
}
