// Request and Response (Fetch sections 5.2 to 5.5), and what the core asks of
// them: the arguments of a fetch handler, and the parts of its answer.
//
// A record #state is all that an object has. That of a request that came over
// the network is filled when its members are read.
(function (host) {
  'use strict'
  const { bodyKind, copy, decode, dictionary, encode, fieldName, isReason, need, shape, string } = host
  const { apply, construct, defineProperty } = host.taken
  const headers = host.load('headers')
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object
  const { parse, stringify } = JSON
  const { URL, URLSearchParams, atob } = globalThis
  const hrefOf = getOwnPropertyDescriptor(URL.prototype, 'href').get
  const usernameOf = getOwnPropertyDescriptor(URL.prototype, 'username').get
  const passwordOf = getOwnPropertyDescriptor(URL.prototype, 'password').get
  const bufferOf = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), 'buffer').get
  const textOfParams = URLSearchParams.prototype.toString
  const { charCodeAt, indexOf, slice, toLowerCase, toUpperCase, toWellFormed } = String.prototype

  // ---- bodies ----

  // Kinds of bodyKind().
  const BYTES = 1, PARAMS = 2, BLOB = 3, FORM = 4, STREAM = 5
  // `data` is text or a Uint8Array that nobody else has; a body that somebody
  // asked a stream of has only that.
  const newBody = (data, stream) => ({ __proto__: null, data, stream, used: false })
  let type // of the body that extract() made; null when there is none
  function extract(value) {
    const kind = typeof value === 'object' && value !== null ? bodyKind(value) : 0
    type = null
    if (kind === BYTES) return newBody(copy(value), null)
    if (kind === PARAMS) {
      type = 'application/x-www-form-urlencoded;charset=UTF-8'
      return newBody(apply(textOfParams, value, []), null)
    }
    if (kind === BLOB || kind === FORM) {
      const blobs = host.load('blob')
      const blob = kind === FORM ? host.load('form_data').write(value) : value
      const kindOfBlob = blobs.typeOf(blob)
      if (kindOfBlob !== '') type = kindOfBlob
      return newBody(copy(blobs.bytesOf(blob)), null)
    }
    if (kind === STREAM) {
      const streams = host.load('streams')
      if (streams.isDisturbed(value) || streams.isLocked(value)) throw new TypeError('the stream is locked or was read from')
      return newBody(null, value)
    }
    type = 'text/plain;charset=UTF-8'
    return newBody(apply(toWellFormed, string(value), []), null)
  }
  const toBytes = (data) => (typeof data === 'string' ? encode(data) : copy(data))
  function toText(data) {
    if (typeof data !== 'string') return decode(data)
    return data !== '' && apply(charCodeAt, data, [0]) === 0xfeff ? apply(slice, data, [1]) : data
  }
  function isUsed(body) {
    return body !== null && (body.used || (body.stream !== null && host.load('streams').isDisturbed(body.stream)))
  }
  function isUnusable(body) {
    return isUsed(body) || (body !== null && body.stream !== null && host.load('streams').isLocked(body.stream))
  }
  function mustBeUsable(body) {
    if (isUnusable(body)) throw new TypeError('the body was read already, or its stream is locked')
  }
  function streamOf(body) {
    if (body === null) return null
    if (!body.stream) {
      const streams = host.load('streams')
      body.stream = streams.fromBytes(body.used ? encode('') : toBytes(body.data))
      if (body.used) streams.cancel(streams.reader(body.stream))
      body.data = null
    }
    return body.stream
  }
  // The data, or a promise of it.
  function take(body) {
    if (body === null) return ''
    mustBeUsable(body)
    if (body.stream) return host.load('streams').readAll(body.stream)
    body.used = true
    return body.data
  }
  function cloneBody(body) {
    if (body === null) return null
    mustBeUsable(body)
    if (!body.stream) return newBody(body.data, null)
    const both = host.load('streams').tee(body.stream)
    body.stream = both[0]
    return newBody(null, both[1])
  }
  // The members of Body.
  function mixin(Class, stateOf) {
    const typeOf = (state) => headers.find(listOf(state), 'content-type')
    class Body {
      get body() { return streamOf(bodyOf(stateOf(this))) }
      get bodyUsed() { return isUsed(bodyOf(stateOf(this))) }
      async arrayBuffer() { return apply(bufferOf, toBytes(await take(bodyOf(stateOf(this)))), []) }
      async blob() {
        const state = stateOf(this)
        const bytes = toBytes(await take(bodyOf(state)))
        return host.load('blob').make(bytes, blobType(typeOf(state)))
      }
      async bytes() { return toBytes(await take(bodyOf(stateOf(this)))) }
      async formData() {
        const state = stateOf(this)
        const bytes = toBytes(await take(bodyOf(state)))
        return host.load('form_data').parse(bytes, typeOf(state) ?? '')
      }
      async json() { return parse(toText(await take(bodyOf(stateOf(this))))) }
      async text() { return toText(await take(bodyOf(stateOf(this)))) }
    }
    const { prototype } = Body
    const names = ['body', 'bodyUsed', 'arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']
    for (let i = 0; i < names.length; i++) {
      defineProperty(Class.prototype, names[i], getOwnPropertyDescriptor(prototype, names[i]))
    }
  }
  // In lower case, but for its parameters.
  function blobType(value) {
    if (value === null) return ''
    const at = apply(indexOf, value, [';'])
    return at < 0 ? apply(toLowerCase, value, []) : apply(toLowerCase, apply(slice, value, [0, at]), []) + apply(slice, value, [at])
  }
  // What of a state may still have to be filled in.
  function bodyOf(state) {
    if (state.body === undefined) {
      const bytes = incoming(BODY)
      state.body = bytes === null ? null : newBody(bytes, null)
    }
    return state.body
  }
  function listOf(state) {
    if (state.list === undefined) {
      const list = headers.create()
      const fields = incoming(FIELDS)
      for (let i = 0; i + 1 < fields.length; i += 2) headers.put(list, fieldName(fields[i]), fields[i], fields[i + 1])
      state.list = list
    }
    return state.list
  }
  const headersOf = (state) => (state.headers ??= headers.make(listOf(state)))

  // ---- Response ----

  const key = { __proto__: null } // who has it may give a state
  const NULL_BODY = { __proto__: null, 204: true, 205: true, 304: true }
  const REDIRECTS = { __proto__: null, 301: true, 302: true, 303: true, 307: true, 308: true }
  const newResponse = () => ({ __proto__: null, status: 200, statusText: '', list: headers.create(), headers: null, body: null, type: 'default' })
  // Web IDL's unsigned short.
  function toStatus(value) {
    value = +value
    if (value !== value || value === Infinity || value === -Infinity) return 0
    return (value < 0 ? -(-value - (-value % 1)) : value - (value % 1)) % 65536
  }
  function initialise(init, body, kind) {
    const state = newResponse()
    if (init !== undefined) {
      const { headers: given, status, statusText } = dictionary(init, 'the second argument')
      const code = status === undefined ? 200 : toStatus(status)
      const text = statusText === undefined ? '' : string(statusText)
      if (code < 200 || code > 599) throw new RangeError(`status ${code} is not from 200 to 599`)
      if (!isReason(text)) throw new TypeError('statusText has an invalid character')
      state.status = code
      state.statusText = text
      if (given !== undefined) headers.fill(state.list, given)
    }
    if (body !== null) {
      if (NULL_BODY[state.status]) throw new TypeError(`an answer with status ${state.status} has no body`)
      state.body = body
      if (kind !== null && headers.find(state.list, 'content-type') === null) {
        headers.put(state.list, 'content-type', 'Content-Type', kind)
      }
    }
    return state
  }
  function parseURL(text) {
    try {
      return construct(URL, [string(text)])
    } catch {
      throw new TypeError(`'${text}' is no URL: it must be whole, as http://HOST/path`)
    }
  }
  let responseState, isResponse
  class Response {
    #state
    constructor(body = null, init = undefined) {
      if (init === key) {
        this.#state = body
        return
      }
      const made = body === null || body === undefined ? null : extract(body)
      this.#state = initialise(init, made, made === null ? null : type)
    }
    static error() {
      const state = newResponse()
      state.status = 0
      state.type = 'error'
      state.list.fixed = true
      return new Response(state, key)
    }
    static json(data, init = undefined) {
      need(arguments.length, 1, 'Response.json')
      const text = stringify(data)
      if (text === undefined) throw new TypeError('the value has no JSON form')
      return new Response(initialise(init, newBody(text, null), 'application/json'), key)
    }
    static redirect(url, status = 302) {
      need(arguments.length, 1, 'Response.redirect')
      const href = apply(hrefOf, parseURL(url), [])
      const state = newResponse()
      state.status = toStatus(status)
      if (!REDIRECTS[state.status]) throw new RangeError(`status ${state.status} is no redirect`)
      headers.put(state.list, 'location', 'Location', href)
      state.list.fixed = true
      return new Response(state, key)
    }
    get type() { return this.#state.type }
    get url() { return this.#state, '' }
    get redirected() { return this.#state, false }
    get status() { return this.#state.status }
    get ok() { return this.#state.status >= 200 && this.#state.status <= 299 }
    get statusText() { return this.#state.statusText }
    get headers() { return headersOf(this.#state) }
    clone() {
      const state = this.#state
      const body = cloneBody(state.body)
      const copied = newResponse()
      copied.status = state.status
      copied.statusText = state.statusText
      copied.type = state.type
      copied.list = headers.duplicate(state.list)
      copied.list.fixed = state.list.fixed
      copied.body = body
      return new Response(copied, key)
    }
    static {
      responseState = (response) => response.#state
      isResponse = (value) => typeof value === 'object' && value !== null && #state in value
    }
  }
  mixin(Response, responseState)
  shape(Response, 'Response')

  // ---- Request ----

  const METHODS = { __proto__: null, DELETE: true, GET: true, HEAD: true, OPTIONS: true, POST: true, PUT: true }
  const FORBIDDEN = { __proto__: null, CONNECT: true, TRACE: true, TRACK: true }
  const enumeration = (text) => {
    const set = { __proto__: null }
    const names = text.split(' ')
    for (let i = 0; i < names.length; i++) set[names[i]] = true
    return set
  }
  const MODES = enumeration('same-origin no-cors cors navigate')
  const CREDENTIALS = enumeration('omit same-origin include')
  const CACHES = enumeration('default no-store reload no-cache force-cache only-if-cached')
  const REDIRECTIONS = enumeration('follow error manual')
  const POLICIES = enumeration('no-referrer no-referrer-when-downgrade same-origin origin strict-origin origin-when-cross-origin strict-origin-when-cross-origin unsafe-url')
  POLICIES[''] = true
  const PRIORITIES = enumeration('high low auto')
  function choice(value, set, name) {
    const text = string(value)
    if (!set[text]) throw new TypeError(`'${text}' is no ${name}`)
    return text
  }
  function methodFrom(value) {
    const text = string(value)
    if (fieldName(text) === undefined) throw new TypeError(`'${text}' is no method`)
    const upper = apply(toUpperCase, text, [])
    if (FORBIDDEN[upper]) throw new TypeError(`method '${text}' is not allowed`)
    return METHODS[upper] ? upper : text
  }
  const DEFAULTS = { __proto__: null, mode: 'cors', credentials: 'same-origin', cache: 'default', redirect: 'follow', referrer: 'about:client', referrerPolicy: '', integrity: '', keepalive: false }
  const newRequest = () => ({ __proto__: null, method: undefined, url: undefined, list: undefined, headers: null, body: undefined, options: DEFAULTS, signal: null, follows: null })
  function follows(signal) {
    if (signal === null) return null
    if (!host.load('abort').isSignal(signal)) throw new TypeError('signal must be an AbortSignal')
    return signal
  }
  function request(input, init) {
    const state = newRequest()
    const from = isRequest(input) ? requestState(input) : null
    if (from) {
      state.url = urlOf(from)
    } else {
      const url = parseURL(input)
      if (apply(usernameOf, url, []) !== '' || apply(passwordOf, url, []) !== '') {
        throw new TypeError('the URL of a Request must have no user name or password')
      }
      state.url = apply(hrefOf, url, [])
    }
    const {
      body: given, cache, credentials, duplex, headers: fields, integrity, keepalive, method, mode, priority, redirect,
      referrer, referrerPolicy, signal, window,
    } = dictionary(init, 'the second argument')
    const old = from ? from.options : DEFAULTS
    const made = given === undefined || given === null ? null : extract(given)
    const kind = made ? type : null
    const options = {
      __proto__: null,
      cache: cache === undefined ? old.cache : choice(cache, CACHES, 'cache mode'),
      credentials: credentials === undefined ? old.credentials : choice(credentials, CREDENTIALS, 'credentials mode'),
      integrity: integrity === undefined ? old.integrity : string(integrity),
      keepalive: keepalive === undefined ? old.keepalive : !!keepalive,
      mode: mode === undefined ? old.mode : choice(mode, MODES, 'mode'),
      redirect: redirect === undefined ? old.redirect : choice(redirect, REDIRECTIONS, 'redirect mode'),
      referrer: referrer === undefined ? old.referrer : referrerFrom(string(referrer)),
      referrerPolicy: referrerPolicy === undefined ? old.referrerPolicy : choice(referrerPolicy, POLICIES, 'referrer policy'),
    }
    if (duplex !== undefined && string(duplex) !== 'half') throw new TypeError("duplex must be 'half'")
    if (priority !== undefined) choice(priority, PRIORITIES, 'priority')
    if (window !== undefined && window !== null) throw new TypeError('window must be null')
    if (options.mode === 'navigate' && mode !== undefined) throw new TypeError("mode must not be 'navigate'")
    if (options.cache === 'only-if-cached' && options.mode !== 'same-origin') {
      throw new TypeError("cache mode 'only-if-cached' needs mode 'same-origin'")
    }
    state.options = options
    state.method = method === undefined ? (from ? methodOf(from) : 'GET') : methodFrom(method)
    if (options.mode === 'no-cors' && state.method !== 'GET' && state.method !== 'HEAD' && state.method !== 'POST') {
      throw new TypeError("mode 'no-cors' allows only GET, HEAD and POST")
    }
    state.follows = signal === undefined ? (from ? signalOf(from) : null) : follows(signal)
    state.list = fields === undefined && from ? headers.duplicate(listOf(from)) : headers.create()
    if (fields !== undefined) headers.fill(state.list, fields)
    const oldBody = from ? bodyOf(from) : null
    if ((made || oldBody) && (state.method === 'GET' || state.method === 'HEAD')) {
      throw new TypeError(`a request with method ${state.method} has no body`)
    }
    if (made) {
      if (made.stream && duplex === undefined) throw new TypeError("a stream as body needs duplex: 'half'")
      if (kind !== null && headers.find(state.list, 'content-type') === null) {
        headers.put(state.list, 'content-type', 'Content-Type', kind)
      }
      state.body = made
    } else if (oldBody) {
      mustBeUsable(oldBody)
      // It goes over: the other one's is used.
      state.body = newBody(oldBody.data, oldBody.stream ? host.load('streams').handOver(oldBody.stream) : null)
      oldBody.used = true
    } else {
      state.body = null
    }
    return state
  }
  function referrerFrom(text) {
    if (text === '' || text === 'about:client') return text === '' ? 'no-referrer' : text
    parseURL(text)
    return 'about:client' // it is of another origin: a server has none
  }
  const methodOf = (state) => (state.method ??= incoming(METHOD))
  // Not all that HTTP allows in a Host field is a host of a URL.
  function received() {
    try {
      return apply(hrefOf, parseURL(incoming(ADDRESS)), [])
    } catch {
      return apply(hrefOf, parseURL(incoming(LOCAL_ADDRESS)), [])
    }
  }
  const urlOf = (state) => (state.url ??= received())
  function signalOf(state) {
    if (!state.signal) {
      const { AbortController, any } = host.load('abort')
      state.signal = state.follows ? any(state.follows) : new AbortController().signal
    }
    return state.signal
  }
  let requestState, isRequest
  class Request {
    #state
    constructor(input, init = undefined) {
      if (init === key) {
        this.#state = input
        return
      }
      need(arguments.length, 1, 'new Request')
      this.#state = request(input, init)
    }
    get method() { return methodOf(this.#state) }
    get url() { return urlOf(this.#state) }
    get headers() { return headersOf(this.#state) }
    get destination() { return this.#state, '' }
    get referrer() {
      const { referrer } = this.#state.options
      return referrer === 'no-referrer' ? '' : referrer
    }
    get referrerPolicy() { return this.#state.options.referrerPolicy }
    get mode() { return this.#state.options.mode }
    get credentials() { return this.#state.options.credentials }
    get cache() { return this.#state.options.cache }
    get redirect() { return this.#state.options.redirect }
    get integrity() { return this.#state.options.integrity }
    get keepalive() { return this.#state.options.keepalive }
    get isReloadNavigation() { return this.#state, false }
    get isHistoryNavigation() { return this.#state, false }
    get signal() { return signalOf(this.#state) }
    get duplex() { return this.#state, 'half' }
    clone() {
      const state = this.#state
      const body = cloneBody(bodyOf(state))
      const copied = newRequest()
      copied.method = methodOf(state)
      copied.url = urlOf(state)
      copied.list = headers.duplicate(listOf(state))
      copied.options = state.options
      copied.follows = signalOf(state)
      copied.body = body
      return new Request(copied, key)
    }
    static {
      requestState = (value) => value.#state
      isRequest = (value) => typeof value === 'object' && value !== null && #state in value
    }
  }
  mixin(Request, requestState)
  shape(Request, 'Request')

  // ---- handlers ----

  // What incoming() is asked for, of the request that runs.
  const METHOD = 0, ADDRESS = 1, FIELDS = 2, BODY = 3, PARAMETERS = 4, LOCAL_ADDRESS = 5
  let incoming, env
  let waits = 0 // promises of waitUntil that are pending
  async function wait(promise) {
    try {
      await promise
    } catch (error) {
      host.report(error)
    }
    waits--
  }
  // From an event in isère's format, which `isere invoke` was given.
  function fromEvent(event) {
    const method = string(event.httpMethod ?? event.method ?? 'GET')
    const fields = event.headers ?? {}
    const query = event.query ? '?' + string(event.query) : ''
    const state = newRequest()
    state.method = method
    state.url = apply(hrefOf, parseURL('http://' + string(fields.host ?? 'localhost') + string(event.path ?? '/') + query), [])
    state.list = headers.create()
    headers.fill(state.list, fields)
    const body = event.rawBody ?? event.body ?? null
    if (body === null) state.body = null
    else if (event.isBase64Encoded) state.body = newBody(fromBase64(string(body)), null)
    else state.body = newBody(typeof body === 'string' ? apply(toWellFormed, body, []) : stringify(body), null)
    return state
  }
  function fromBase64(text) {
    const binary = atob(text)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) bytes[i] = apply(charCodeAt, binary, [i])
    return bytes
  }
  const waitUntil = { waitUntil(promise) {
    need(arguments.length, 1, 'waitUntil')
    waits++
    wait(promise)
  } }.waitUntil
  const passThroughOnException = { passThroughOnException() {} }.passThroughOnException

  host.clonable(isRequest)
  host.clonable(isResponse)
  return {
    Request, Response, isRequest, isResponse,
    prepare(from, variables) {
      incoming = from
      env = variables
    },
    // The arguments of a handler.
    begin(event) {
      waits = 0
      const parameters = event === undefined ? undefined : event.pathParameters ?? {}
      return [
        new Request(event === undefined ? newRequest() : fromEvent(event), key),
        env,
        { waitUntil, passThroughOnException, get params() { return parameters ?? incoming(PARAMETERS) } },
      ]
    },
    isWaiting: () => waits > 0,
    // What is sent: status, fields and data; or a promise of that, when the
    // body is a stream; undefined for what is no Response.
    answer(value) {
      if (!isResponse(value)) return undefined
      const { status, list, body } = responseState(value)
      const data = body === null ? null : take(body)
      if (body === null || !body.stream) return { __proto__: null, status, first: list.first, data }
      return (async () => ({ __proto__: null, status, first: list.first, data: await data }))()
    },
    showRequest: (value) => ({ method: value.method, url: value.url, headers: value.headers, bodyUsed: value.bodyUsed }),
    showResponse: (value) => ({ status: value.status, statusText: value.statusText, headers: value.headers, bodyUsed: value.bodyUsed, ok: value.ok, type: value.type, url: value.url, redirected: value.redirected }),
  }
})
