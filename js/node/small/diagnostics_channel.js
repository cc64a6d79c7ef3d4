// node:diagnostics_channel
class Channel {
  #subscribers = []
  constructor(name) {
    this.name = name
  }
  get hasSubscribers() {
    return this.#subscribers.length > 0
  }
  subscribe(work) {
    this.#subscribers.push(work)
  }
  unsubscribe(work) {
    const at = this.#subscribers.indexOf(work)
    if (at >= 0) this.#subscribers.splice(at, 1)
    return at >= 0
  }
  publish(message) {
    for (const work of this.#subscribers) work(message, this.name)
  }
  runStores(message, work, that, ...args) {
    this.publish(message)
    return work.apply(that, args)
  }
}
const channels = new Map()
const channel = (name) => channels.get(name) ?? channels.set(name, new Channel(name)).get(name)
module.exports = {
  Channel,
  channel,
  hasSubscribers: (name) => channel(name).hasSubscribers,
  subscribe: (name, work) => channel(name).subscribe(work),
  unsubscribe: (name, work) => channel(name).unsubscribe(work),
  tracingChannel(name) {
    const of = (part) => channel(`tracing:${name}:${part}`)
    const parts = { start: of('start'), end: of('end'), asyncStart: of('asyncStart'), asyncEnd: of('asyncEnd'), error: of('error') }
    const call = (work, _context, that, ...args) => work.apply(that, args)
    return {
      ...parts,
      get hasSubscribers() {
        return Object.values(parts).some((part) => part.hasSubscribers)
      },
      traceSync: call,
      tracePromise: call,
      traceCallback: (work, _position, _context, that, ...args) => work.apply(that, args),
    }
  },
}
