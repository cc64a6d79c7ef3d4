// Whatever is behind it, the event must look like any object.
export const handler = event => {
  const bad = []
  const look = (value, name) => {
    if (Object.getPrototypeOf(value) !== Object.prototype) bad.push(name)
    for (const key of Reflect.ownKeys(value)) {
      const own = Object.getOwnPropertyDescriptor(value, key)
      if (!own.enumerable || !own.writable || !own.configurable) bad.push(`${name}.${key}`)
    }
  }
  look(event, 'event')
  look(event.headers, 'headers')
  look(event.requestContext, 'requestContext')
  const copies = [{ ...event }, structuredClone(event), Object.assign({}, event), JSON.parse(JSON.stringify(event))]
  for (const copy of copies) {
    if (JSON.stringify(copy) !== JSON.stringify(event)) bad.push('copy')
  }
  event.path = '/changed'
  event.added = 1
  delete event.query
  return [bad, Object.keys(copies[0]).sort(), event.path, event.added, 'query' in event]
}
