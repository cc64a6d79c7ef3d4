// MessageChannel and MessagePort (HTML section 9.4), within one heap: ports
// can't be transferred.
(function (host) {
  'use strict'
  const { append, exception, handler, need, setTimeout, shape, structuredClone } = host
  const { MessageEvent, EventTarget, fire, setHandler } = host.load('event')
  const key = { __proto__: null }
  let entangle, receive, isPort

  class MessagePort extends EventTarget {
    #other = null
    #queue = []
    #started = false
    constructor(given) {
      if (given !== key) throw new TypeError("MessagePort can't be constructed: use a MessageChannel")
      super()
    }
    postMessage(message, options = undefined) {
      need(arguments.length, 1, 'postMessage')
      const transfer = options === undefined || options === null ? [] : options[Symbol.iterator] ? options : options.transfer ?? []
      const list = []
      for (const item of transfer) {
        if (isPort(item)) throw exception('a MessagePort can\'t be transferred', 'DataCloneError')
        append(list, item)
      }
      const data = structuredClone(message, { __proto__: null, transfer: list })
      if (this.#other) receive(this.#other, data)
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
      receive = (port, data) => {
        if (!port.#started) append(port.#queue, data)
        else setTimeout(() => fire(port, new MessageEvent('message', { __proto__: null, data })), 0)
      }
    }
  }
  shape(MessagePort, 'MessagePort')
  handler(MessagePort, 'messageerror')

  class MessageChannel {
    #port1 = new MessagePort(key)
    #port2 = new MessagePort(key)
    constructor() { entangle(this.#port1, this.#port2) }
    get port1() { return this.#port1 }
    get port2() { return this.#port2 }
  }
  shape(MessageChannel, 'MessageChannel')
  return { MessageChannel, MessagePort }
})
