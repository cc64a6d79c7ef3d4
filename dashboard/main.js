// The frame: which view is shown, and how the server is.

import { onLostToken, setToken, token } from './api.js'
import { setText } from './dom.js'
import { uptime } from './format.js'
import { FunctionView, newFunctionView } from './function.js'
import { loginView } from './login.js'
import { Overview } from './overview.js'
import { on, startPolling, state, stopPolling } from './state.js'
import { themeButton } from './theme.js'

const byId = (id) => document.getElementById(id)
let view = null

function show(next, focus) {
  if (view) {
    view.stop()
  }
  view = next
  byId('main').replaceChildren(view.node)
  byId('leave').hidden = !token()
  document.title = view.title + ' · isère on ' + location.host
  if (focus) {
    scrollTo(0, 0)
    view.heading.focus()
  }
}

function decodeName(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function viewOf(hash) {
  const match = /^#\/f\/([^/]+)$/.exec(hash)
  if (match) {
    return new FunctionView(decodeName(match[1]))
  }
  return hash === '#/new' ? newFunctionView() : new Overview()
}

function navigate() {
  if (token()) {
    show(viewOf(location.hash), true)
  }
}

function login(reason) {
  stopPolling()
  setToken(null)
  state.functions = null
  showFacts()
  show(loginView(open, reason), true)
}

function open() {
  navigate()
  startPolling()
}

function showLink() {
  byId('state').className = state.down ? 'bad' : ''
  setText(byId('state'), state.down ? 'No connection: ' + state.down : '')
}

function showFacts() {
  const { last } = state.history
  const figures = last && token() ? last.process : {}
  const facts = [
    figures.version && 'version ' + figures.version,
    figures.isere_uptime_seconds !== undefined && 'up ' + uptime(figures.isere_uptime_seconds),
    figures.isere_connections !== undefined && figures.isere_connections + ' connections',
  ]
  setText(byId('facts'), facts.filter(Boolean).join(' · '))
}

setText(byId('host'), location.host)
themeButton(byId('theme'))
byId('leave').addEventListener('click', () => login(''))
// The link that skips is not an address of a view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault()
  byId('main').focus()
})
onLostToken(() => token() && view && view.title !== 'Token' && login('The server does not accept the token any more.'))
window.addEventListener('hashchange', navigate)
on('link', showLink)
on('metrics', showFacts)
if (token()) {
  open()
} else {
  login('')
}
