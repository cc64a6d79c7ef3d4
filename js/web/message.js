// MessageChannel and MessagePort (HTML section 9.4), within one heap.
(function (host) {
  'use strict'
  const { append, exception, handler, need, setTimeout, shape, structuredClone } = host
  const { MessageEvent, EventTarget, fire, setHandler } = host.load('event')
  const { iterator } = host.taken
  const key = { __proto__: null }
  let entangle, receive, isPort, shell, move

  class MessagePort extends EventTarget {
    #other = null
    #queue = []
    #started = false
    #moved = false
    constructor(given) {
      if (given !== key) throw new TypeError("MessagePort can't be constructed: use a MessageChannel")
      super()
    }
    postMessage(message, options = undefined) {
      need(arguments.length, 1, 'postMessage')
      const transfer = options === undefined || options === null ? [] : options[iterator] ? options : options.transfer ?? []
      const list = []
      const ports = []
      for (const item of transfer) {
        if (item === this) throw exception("a port can't be sent through itself", 'DataCloneError')
        if (isPort(item)) append(ports, item)
        append(list, item)
      }
      const sent = structuredClone({ __proto__: null, data: message, ports }, { __proto__: null, transfer: list })
      if (this.#other) receive(this.#other, sent)
    }
    start() {
      if (this.#started) return
      this.#started = true
      const waiting = this.#queue
      this.#queue = []
      for (let i = 0; i < waiting.length; i++) receive(this, waiting[i])
    }
    close() {
      if (this.#other) this.#other.#other = null
      this.#other = null
    }
    get onmessage() { return host.load('event').handler(this, 'message') }
    set onmessage(value) {
      setHandler(this, 'message', value)
      this.start()
    }
    static {
      isPort = (value) => typeof value === 'object' && value !== null && #queue in value
      entangle = (a, b) => {
        a.#other = b
        b.#other = a
      }
      receive = (port, sent) => {
        if (port.#started) setTimeout(() => fire(port, new MessageEvent('message', { __proto__: null, data: sent.data, ports: sent.ports })), 0)
        else append(port.#queue, sent)
      }
      shell = (port) => (port.#moved ? null : new MessagePort(key))
      move = (from, to) => {
        if (from.#other) entangle(from.#other, to)
        to.#queue = from.#queue
        from.#other = null
        from.#queue = []
        from.#moved = true
      }
    }
  }
  shape(MessagePort, 'MessagePort')
  handler(MessagePort, 'messageerror')

  let isChannel
  class MessageChannel {
    #port1 = new MessagePort(key)
    #port2 = new MessagePort(key)
    constructor() { entangle(this.#port1, this.#port2) }
    get port1() { return this.#port1 }
    get port2() { return this.#port2 }
    static { isChannel = (value) => typeof value === 'object' && value !== null && #port1 in value }
  }
  shape(MessageChannel, 'MessageChannel')
  host.clonable(isPort, undefined, undefined, shell, move)
  host.clonable(isChannel)
  return { MessageChannel, MessagePort }
})
