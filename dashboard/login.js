// Asks for the token, once for each tab.

import { setToken } from './api.js'
import { button, el, field } from './dom.js'
import { refreshFunctions } from './state.js'

const SHAPE = /^[0-9a-f]{64}$/i

// `done()` is called with the right token in place; `reason` says why it is
// asked for again.
export function loginView(done, reason) {
  const input = el('input', { type: 'password', autocomplete: 'current-password', spellcheck: 'false' })
  const wrong = el('p', { class: 'error', role: 'alert' }, reason || '')
  const heading = el('h1', { tabindex: '-1' }, 'Sign in')

  async function attempt() {
    const value = input.value.trim()
    wrong.textContent = ''
    if (!SHAPE.test(value)) {
      wrong.textContent = value === ''
        ? 'The token is missing.'
        : 'A token has 64 hexadecimal digits; this is something else (' + value.length + ' characters).'
      input.focus()
      return
    }
    setToken(value)
    try {
      await refreshFunctions()
    } catch (error) {
      setToken(null)
      wrong.textContent = error.status === 401 ? 'This is not the token of this server.' : 'That did not work: ' + error.message
      input.select()
      return
    }
    done()
  }

  const form = el('form', { submit: (event) => { event.preventDefault(); attempt() } },
    el('input', { type: 'text', autocomplete: 'username', value: 'isere', hidden: true }),
    field('Token', input, 'On Linux it is in the file that the server named when it started; a device prints it on its serial console. This tab keeps it until it is closed.'),
    wrong, el('div', { class: 'row' }, button('Open', undefined, { type: 'submit', class: 'primary' })))
  return { title: 'Token', heading: input, node: el('div', { class: 'login' }, heading, form), stop() {} }
}
