// The page of one function, and that of a new one.

import { call, callJson, functionPath } from './api.js'
import { CodeView, forgetDraft } from './code.js'
import { announce, button, confirmDialog, el, setText } from './dom.js'
import { exactSize, exactTime, plural, size } from './format.js'
import { LogView } from './logs.js'
import { plots } from './plots.js'
import { find, on, refreshFunctions, state } from './state.js'
import { TryView } from './try.js'

function back() {
  return el('p', { class: 'back' }, el('a', { href: '#/' }, 'All functions'))
}

export function newFunctionView() {
  const code = new CodeView('', (name) => {
    forgetDraft('')
    location.hash = '#/f/' + encodeURIComponent(name)
  })
  code.load()
  const title = el('h1', { tabindex: '-1' }, 'New function')
  return { title: 'New function', heading: title, node: el('div', {}, back(), title, code.node), stop() {} }
}

// Counters since the server began.
function countsOf(figures) {
  const errors = Object.entries(figures.errors).filter(([, count]) => count > 0)
  return [
    plural(figures.requests, 'request'),
    ...errors.map(([kind, count]) => kind + ' ' + count.toLocaleString('en')),
    plural(figures.instances, 'instance'),
    figures.queue > 0 && figures.queue + ' queued',
    figures.restarts > 0 && plural(figures.restarts, 'rebuild'),
  ].filter(Boolean).join(' · ')
}

export class FunctionView {
  constructor(name) {
    this.name = name
    this.title = name
    this.heading = el('h1', { tabindex: '-1' }, name)
    this.status = el('span', { class: 'badge' })
    this.facts = el('p', { class: 'facts' })
    this.counts = el('p', { class: 'facts' })
    this.routes = el('ul', { class: 'routes', 'aria-label': 'Routes' })
    this.broken = el('p', { class: 'error', hidden: true })
    this.rollbackButton = button('Roll back', () => this.rollback())
    this.releaseButton = button('Release', () => this.release())
    this.removeButton = button('Remove', () => this.remove(), { class: 'danger' })
    this.code = new CodeView(name, () => {})
    this.try = new TryView(name)
    this.logs = new LogView(name)
    this.plots = plots(name)
    const jump = (id, text) => button(text, () => {
      const heading = document.getElementById(id + '-title')
      heading.scrollIntoView()
      heading.focus()
    }, { class: 'quiet' })
    this.node = el('div', {}, back(),
      el('div', { class: 'head' }, this.heading, this.status, el('span', { class: 'space' }), this.releaseButton, this.rollbackButton, this.removeButton),
      this.facts, this.routes, this.broken,
      el('nav', { class: 'jump', 'aria-label': 'On this page' }, jump('code', 'Code'), jump('try', 'Try it'), jump('logs', 'Logs')),
      this.plots.node, this.counts,
      el('div', { class: 'work' }, this.code.node, this.try.node), this.logs.node)
    this.off = [on('functions', () => this.update()), on('metrics', () => this.count())]
    this.update()
    this.count()
    this.code.load()
  }

  stop() {
    this.off.forEach((off) => off())
    this.plots.stop()
    this.logs.close()
  }

  count() {
    const figures = state.history.figures(this.name)
    setText(this.counts, figures ? 'Since the start: ' + countsOf(figures) : '')
  }

  update() {
    const info = find(this.name)
    if (!info) {
      this.releaseButton.hidden = true
      this.rollbackButton.hidden = true
      this.removeButton.hidden = true
      this.broken.hidden = !state.functions
      setText(this.broken, state.functions ? 'This function no longer exists.' : '')
      return
    }
    const broken = info.status !== 'ok'
    this.status.className = broken ? 'badge bad' : 'badge'
    setText(this.status, 'version ' + info.version + (broken ? ' · ' + info.status : ''))
    this.broken.hidden = !broken
    setText(this.broken, broken ? String(info.message) : '')
    setText(this.facts, [
      info.previous ? 'before it version ' + info.previous : 'no version before it',
      size(info.bytes) + ' of source', 'memory ' + exactSize(info.memory), 'timeout ' + exactTime(info.timeout),
      'payload ' + info.payload, 'sha256 ' + String(info.sha256).slice(0, 12),
    ].join(' · '))
    this.routes.replaceChildren(...info.routes.map((route) => el('li', {}, route)))
    this.releaseButton.hidden = info.status !== 'quarantined'
    this.rollbackButton.hidden = !info.previous
    this.removeButton.hidden = false
    this.try.suggest(info)
    this.code.update()
  }

  async rollback() {
    const { version, previous } = find(this.name)
    const text = 'Version ' + previous + ' takes over at once. Version ' + version + ' is then gone.'
    if (!await confirmDialog('Roll back to version ' + previous + '?', text, 'Roll back')) {
      return
    }
    try {
      const answer = await callJson('POST', functionPath(this.name, 'rollback'), { timeout: 90 })
      announce('Version ' + answer.version + ' of ' + this.name + ' is live again.')
    } catch (error) {
      announce('Not rolled back: ' + error.message)
    }
    await refreshFunctions().catch(() => {})
    this.heading.focus()
  }

  // It is served again: no question, as nothing is lost by it.
  async release() {
    try {
      await callJson('POST', functionPath(this.name, 'release'), { timeout: 90 })
      announce(this.name + ' is released: it is served again.')
    } catch (error) {
      announce('Not released: ' + error.message)
    }
    await refreshFunctions().catch(() => {})
    this.heading.focus()
  }

  async remove() {
    const text = 'This removes its files, its versions and its routes.'
    if (!await confirmDialog('Remove ' + this.name + '?', text, 'Remove', 'danger')) {
      return
    }
    try {
      await call('DELETE', functionPath(this.name))
    } catch (error) {
      announce('Not removed: ' + error.message)
      return
    }
    forgetDraft(this.name)
    await refreshFunctions().catch(() => {})
    location.hash = '#/'
    announce(this.name + ' is removed.')
  }
}
