// What is being edited of a function, and the package that is deployed of it.

import { exactSize, exactTime } from './format.js'

const NAME = /^[a-z0-9-]{1,32}$/

export function checkName(name) {
  return NAME.test(name) ? '' : 'A name has 1 to 32 of a-z, 0-9 and “-”.'
}

// As the server checks them, so that most mistakes are told at once.
export function checkFileName(name) {
  const parts = name.split('/')
  if (name === '') {
    return 'A file needs a name.'
  }
  if (parts.includes('') || parts.includes('.') || parts.includes('..')) {
    return 'Parts between “/” can’t be empty, “.” or “..”.'
  }
  // eslint-disable-next-line no-control-regex
  if (/[\\\u0000-\u001f\u007f]/.test(name)) {
    return 'No backslash and no control characters.'
  }
  return new TextEncoder().encode(name).length > 159 ? 'At most 159 bytes.' : ''
}

const EXAMPLE = [
  '// Top-level code runs once, before the first request.',
  'const greeting = \'Hello from isère\'',
  '',
  '// Each request gets the heap as the line above left it.',
  'export const handler = async (event) => ({',
  '  body: { message: greeting, method: event.httpMethod, path: event.path },',
  '})',
  '',
].join('\n')

export function newDraft() {
  const main = 'handler.js'
  return { main, files: { [main]: EXAMPLE }, routes: '', env: '', memory: '', timeout: '', payload: '', handler: '' }
}

// A value with line breaks, or that looks like it was quoted, is quoted as JSON.
function formatEnv(env) {
  const line = ([name, value]) =>
    name + '=' + (/["\n\r]|^\s|\s$/.test(value) ? JSON.stringify(value) : value)
  return Object.entries(env).map(line).join('\n')
}

function parseEnv(text) {
  const env = {}
  text.split('\n').forEach((line, index) => {
    const at = line.indexOf('=')
    if (line.trim() === '') {
      return
    }
    if (at < 1) {
      throw new Error('environment, line ' + (index + 1) + ': NAME=value is expected')
    }
    const value = line.slice(at + 1).replace(/\r$/, '')
    try {
      env[line.slice(0, at).trim()] = value[0] === '"' ? JSON.parse(value) : value
    } catch {
      throw new Error('environment, line ' + (index + 1) + ': the quoted text is not a JSON string')
    }
  })
  return env
}

export function draftOf(deployed) {
  const { main, files, routes = [], env = {}, memory, timeout, payload = '', handler = '', cors } = deployed
  return {
    main,
    files: { ...files },
    routes: routes.join('\n'),
    env: formatEnv(env),
    memory: memory === undefined ? '' : exactSize(memory),
    timeout: timeout === undefined ? '' : exactTime(timeout),
    payload,
    handler,
    cors,
  }
}

// Only what was given is sent; the server has values for the rest. Throws an
// Error that says what is wrong.
export function packageOf(draft) {
  // Always: without it the server would keep what was deleted here.
  const members = { main: draft.main, files: draft.files, env: parseEnv(draft.env) }
  const routes = draft.routes.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  if (routes.length > 0) {
    members.routes = routes
  }
  if (draft.cors) {
    members.cors = draft.cors
  }
  for (const key of ['memory', 'timeout', 'payload', 'handler']) {
    if (draft[key].trim() !== '') {
      members[key] = draft[key].trim()
    }
  }
  return members
}

// A path that a route matches, and a method.
export function exampleRequest(route) {
  const [method, path] = route === '$default' ? ['GET', '/'] : route.split(' ')
  return {
    method: method === 'ANY' ? 'GET' : method,
    path: (path || '/').replace(/\{([^}+]*)\+?\}/g, '$1'),
  }
}
