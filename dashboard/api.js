// Calls of the admin API (docs/api.md). At most two at a time: a device has
// few connections, and the log stream takes one as well.

const LIMIT = 2
const TOKEN = 'isere.token'
const BASE = '/_isere/'

let active = 0
const waiting = []
let lostToken = () => {}

export class ApiError extends Error {
  // `details`: what a failed deploy says besides, { file, line, column, stack }.
  constructor(status, message, details) {
    super(message)
    this.status = status
    this.details = details || {}
  }
}

export function token() {
  return sessionStorage.getItem(TOKEN)
}

export function setToken(value) {
  if (value) {
    sessionStorage.setItem(TOKEN, value)
  } else {
    sessionStorage.removeItem(TOKEN)
  }
}

// `handler` is called when the server refuses the token.
export function onLostToken(handler) {
  lostToken = handler
}

// Runs `work` when one of the two places is free.
export async function inTurn(work) {
  if (active >= LIMIT) {
    await new Promise((resolve) => waiting.push(resolve))
  } else {
    active += 1
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) {
      next()
    } else {
      active -= 1
    }
  }
}

function parseError(status, text) {
  try {
    const { message, ...details } = JSON.parse(text)
    if (typeof message === 'string') {
      return new ApiError(status, message, details)
    }
  } catch {
    // Not ours, then: say what is known.
  }
  return new ApiError(status, 'the server answered ' + status)
}

// A request with the token. Returns a response that is not an error.
export async function send(method, path, options) {
  const headers = { Authorization: 'Bearer ' + token(), ...options.headers }
  const settings = { cache: 'no-store', credentials: 'omit', redirect: 'error' }
  let response
  try {
    response = await fetch(BASE + path, { ...settings, ...options, method, headers })
  } catch (error) {
    if (error.name === 'TimeoutError') {
      throw new ApiError(0, 'no answer in time')
    }
    throw error.name === 'AbortError' ? error : new ApiError(0, 'the server can’t be reached')
  }
  if (response.ok) {
    return response
  }
  const error = parseError(response.status, await response.text().catch(() => ''))
  if (response.status === 401) {
    lostToken()
  }
  throw error
}

// Resolves to the text of the answer. `timeout` in seconds.
export function call(method, path, { body, type, timeout = 20 } = {}) {
  return inTurn(async () => {
    const headers = type ? { 'Content-Type': type } : {}
    const signal = AbortSignal.timeout(timeout * 1000)
    const response = await send(method, path, { body, headers, signal })
    try {
      return await response.text()
    } catch {
      throw new ApiError(0, 'the answer broke off')
    }
  })
}

export async function callJson(method, path, options) {
  const text = await call(method, path, options)
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    throw new ApiError(0, 'the answer is not JSON')
  }
}

export function functionPath(name, rest) {
  return 'v1/functions/' + encodeURIComponent(name) + (rest ? '/' + rest : '')
}
