// Trying a function: a request as any client sends it, through the routes, or a
// call with a raw event past them.

import { callJson, functionPath, inTurn } from './api.js'
import { button, el, field, select } from './dom.js'
import { exampleRequest } from './draft.js'
import { plural, seconds, size } from './format.js'
import { logRow } from './logs.js'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const SHOWN = 64 * 1024 // characters of a body
const TIMEOUT = 60

function exampleEvent(payload, { method, path }) {
  const http = { method, path }
  if (payload === '2.0') {
    return { version: '2.0', routeKey: '$default', rawPath: path, rawQueryString: '', headers: {}, requestContext: { http } }
  }
  if (payload === '1.0') {
    return { version: '1.0', resource: '$default', path, httpMethod: method, headers: {}, body: null }
  }
  return { httpMethod: method, path, headers: {}, body: null }
}

function parseHeaders(text) {
  const headers = new Headers()
  text.split('\n').forEach((line, index) => {
    const at = line.indexOf(':')
    if (line.trim() === '') {
      return
    }
    try {
      headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim())
    } catch {
      throw new Error('headers, line ' + (index + 1) + ': “Name: value” is expected')
    }
  })
  return headers
}

// The request itself; a page can't set everything.
function makeRequest({ method, path, headers, body }) {
  if (path[0] !== '/') {
    throw new Error('the path begins with “/”')
  }
  const wanted = parseHeaders(headers)
  const bare = method === 'GET' || method === 'HEAD'
  const request = new Request(location.origin + path, {
    method, headers: wanted, body: bare || body === '' ? undefined : body,
    cache: 'no-store', credentials: 'omit', redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT * 1000),
  })
  for (const name of wanted.keys()) {
    if (!request.headers.has(name)) {
      throw new Error('browsers do not let a page send “' + name + '”; a raw event can have it')
    }
  }
  return request
}

function pretty(text, type) {
  let shown = text
  if (/json/.test(type)) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2)
    } catch {
      // As it came, then.
    }
  }
  const more = shown.length - SHOWN
  return more > 0 ? shown.slice(0, SHOWN) + '\n… ' + more + ' more characters' : shown
}

function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
}

// What an answer looks like, of either way.
function showAnswer({ status, reason, headers, text, bytes }) {
  const type = (headers.find(([name]) => name.toLowerCase() === 'content-type') || [])[1] || ''
  const good = status > 0 && status < 400
  return [
    el('p', { class: 'status' }, el('b', { class: good ? 'good' : 'bad' }, (status + ' ' + reason).trim()),
      ' · ' + size(bytes)),
    headers.length > 0 && el('details', {}, el('summary', {}, plural(headers.length, 'header')),
      el('dl', { class: 'headers' }, headers.map(([name, value]) => [el('dt', {}, name), el('dd', {}, String(value))]))),
    el('pre', { class: 'body', tabindex: '0', 'aria-label': 'Body' },
      text === null ? size(bytes) + ' that are not text' : pretty(text, type) || '(no body)'),
  ]
}

async function sendRequest(fields) {
  const request = makeRequest(fields)
  return inTurn(async () => {
    const start = performance.now()
    const response = await fetch(request)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const took = (performance.now() - start) / 1000
    if (response.type === 'opaqueredirect') {
      return el('p', {}, 'A redirect. A browser does not let a page see its target: call the function with an event to see it.')
    }
    const headers = [...response.headers]
    const { status, statusText: reason } = response
    const shown = showAnswer({ status, reason, headers, text: decode(bytes), bytes: bytes.length })
    shown[0].append(' · ' + seconds(took) + ' with the network')
    return shown
  })
}

function parseEvent(text) {
  try {
    const event = text.trim() === '' ? {} : JSON.parse(text)
    if (event && typeof event === 'object' && !Array.isArray(event)) {
      return text
    }
  } catch (error) {
    throw new Error('the event is not JSON: ' + error.message)
  }
  throw new Error('the event is not an object')
}

function showInvocation({ result, error, message, logs, durationMs, peakBytes, requestId }) {
  const { statusCode, headers = {}, body = '', isBase64Encoded } = result || {}
  const bytes = isBase64Encoded ? bytesOf(body) : new TextEncoder().encode(body)
  const shown = result
    ? showAnswer({
      status: statusCode, reason: '', headers: Object.entries(headers),
      text: decode(bytes), bytes: bytes.length,
    })
    : []
  const facts = [durationMs !== undefined && seconds(durationMs / 1000),
    peakBytes !== undefined && 'peak ' + size(peakBytes), requestId && 'request ' + requestId]
  return [
    error && el('p', { class: 'error' }, el('b', {}, String(error)), message ? ': ' + message : ''),
    ...shown,
    el('p', { class: 'facts' }, facts.filter(Boolean).join(' · ')),
    logs && logs.length > 0 && el('div', { class: 'log', role: 'group', 'aria-label': 'Its log lines', tabindex: '0' },
      el('ol', {}, logs.map((line) => logRow(line, false)))),
  ]
}

export class TryView {
  constructor(name) {
    this.name = name
    this.method = select(METHODS, 'GET')
    this.path = el('input', { type: 'text', spellcheck: 'false', autocomplete: 'off', keydown: (e) => this.enter(e) })
    this.headers = el('textarea', { rows: '2', spellcheck: 'false', placeholder: 'Content-Type: application/json' })
    this.body = el('textarea', { rows: '3', spellcheck: 'false' })
    this.event = el('textarea', { rows: '8', spellcheck: 'false' })
    this.result = el('div', { class: 'result', role: 'status', 'aria-label': 'Result' })
    this.go = button('Send', () => this.run(), { class: 'primary' })
    this.build()
    this.choose('route')
  }

  build() {
    const mode = (value, text) => el('label', { class: 'choice' },
      el('input', { type: 'radio', name: 'try', value, checked: value === 'route', change: () => this.choose(value) }), text)
    this.byRoute = el('div', {},
      el('div', { class: 'row request' }, field('Method', this.method), field('Path', this.path)),
      el('details', {}, el('summary', {}, 'Headers and body'), field('Headers', this.headers), field('Body', this.body)))
    this.byEvent = el('div', {}, field('Event', this.event, 'JSON, as the function’s payload format has it. Missing fields are filled in.'))
    this.node = el('section', { class: 'try', id: 'try', 'aria-labelledby': 'try-title' },
      el('h2', { id: 'try-title', tabindex: '-1' }, 'Try it'),
      el('fieldset', { class: 'choices' }, el('legend', {}, 'How'), mode('route', 'through its route'), mode('event', 'with a raw event')),
      this.byRoute, this.byEvent, el('div', { class: 'row' }, this.go), this.result)
  }

  // Fills the form with what suits the function, until the user does.
  suggest(info) {
    const request = exampleRequest(info.routes[0] || '$default')
    if (this.suggested === undefined || this.path.value === this.suggested.path) {
      this.path.value = request.path
      this.method.value = METHODS.includes(request.method) ? request.method : 'GET'
    }
    const event = JSON.stringify(exampleEvent(info.payload, request), null, 2)
    if (this.suggested === undefined || this.event.value === this.suggested.event) {
      this.event.value = event
    }
    this.suggested = { path: request.path, event }
  }

  choose(way) {
    this.way = way
    this.byRoute.hidden = way !== 'route'
    this.byEvent.hidden = way !== 'event'
    this.go.textContent = way === 'route' ? 'Send' : 'Invoke'
  }

  enter(event) {
    if (event.key === 'Enter') {
      event.preventDefault()
      this.run()
    }
  }

  async attempt() {
    if (this.way === 'event') {
      const body = parseEvent(this.event.value)
      const options = { body, type: 'application/json', timeout: TIMEOUT }
      return showInvocation(await callJson('POST', functionPath(this.name, 'invoke'), options))
    }
    const { method, path, headers, body } = this
    return sendRequest({ method: method.value, path: path.value.trim(), headers: headers.value, body: body.value })
  }

  async run() {
    if (this.busy) {
      return
    }
    this.busy = true
    this.go.setAttribute('aria-disabled', 'true')
    this.result.replaceChildren(el('p', { class: 'dim' }, 'waiting …'))
    let shown
    try {
      shown = await this.attempt()
    } catch (error) {
      const reason = error.name === 'TimeoutError' ? 'no answer in ' + TIMEOUT + ' s' : error.message
      shown = el('p', { class: 'error' }, reason)
    }
    this.result.replaceChildren(...[shown].flat().filter(Boolean))
    this.go.removeAttribute('aria-disabled')
    this.busy = false
  }
}
