// All functions: a table with live figures, the plots of all, and all logs.

import { el, setText } from './dom.js'
import { rate, seconds, size } from './format.js'
import { LogView } from './logs.js'
import { plots } from './plots.js'
import { on, state } from './state.js'

const COLUMNS = ['Function', 'Version', 'Routes', 'Requests', 'p95', 'Errors', 'Heap peak']

class Row {
  constructor(name) {
    this.name = name
    this.cells = COLUMNS.map((label) => el('td', { 'data-label': label }))
    this.link = el('a', { href: '#/f/' + encodeURIComponent(name) }, name)
    this.bar = el('i')
    this.peak = el('span')
    this.head = el('th', { scope: 'row' }, this.link)
    this.cells[6].append(this.peak, el('span', { class: 'meter', 'aria-hidden': 'true' }, this.bar))
    this.node = el('tr', {}, this.head, this.cells.slice(1))
  }

  update(info) {
    const broken = info.status !== 'ok'
    setText(this.cells[1], info.version + (broken ? ' ' + info.status : ''))
    this.cells[1].className = broken ? 'bad' : ''
    this.cells[1].title = broken ? String(info.message) : ''
    const [first, ...others] = info.routes
    const more = others.length > 0 ? ' and ' + others.length + ' more' : ''
    setText(this.cells[2], (first || 'none') + more)
    this.cells[2].title = info.routes.join('\n')
  }

  count() {
    const points = state.history.of(this.name)
    const point = points[points.length - 1]
    if (!point) {
      return
    }
    const latest = points.findLast((p) => p.p95 !== null)
    setText(this.cells[3], rate(point.requests))
    setText(this.cells[4], seconds(latest ? latest.p95 : null))
    setText(this.cells[5], point.failed ? rate(point.failed) : '–')
    this.cells[5].className = point.failed ? 'bad' : ''
    setText(this.peak, size(point.peak) + ' of ' + size(point.limit))
    this.bar.style.width = point.limit ? Math.min(100, (100 * point.peak) / point.limit) + '%' : '0'
  }
}

export class Overview {
  constructor() {
    this.title = 'Functions'
    this.heading = el('h1', { tabindex: '-1' }, 'Functions')
    this.rows = new Map()
    this.body = el('tbody')
    this.table = el('table', { class: 'functions' },
      el('caption', { class: 'hidden' }, 'Functions and their current activity'),
      el('thead', {}, el('tr', {}, COLUMNS.map((text) => el('th', { scope: 'col' }, text)))), this.body)
    this.empty = el('div', { class: 'empty', hidden: true },
      el('p', {}, 'No functions yet. ', el('a', { href: '#/new' }, 'Write the first one here'), ', or send one:'),
      el('pre', {}, 'isere deploy hello.js --to ' + location.origin))
    this.plots = plots('')
    this.logs = new LogView('')
    this.node = el('div', {},
      el('div', { class: 'head overview' }, this.heading, el('span', { class: 'space' }), el('a', { class: 'button primary', href: '#/new' }, 'New function')),
      this.plots.node, this.table, this.empty, this.logs.node)
    this.off = [on('functions', () => this.update()), on('metrics', () => this.rows.forEach((row) => row.count()))]
    this.update()
  }

  stop() {
    this.off.forEach((off) => off())
    this.plots.stop()
    this.logs.close()
  }

  // Rows stay the same elements, so that the focus stays where it is.
  update() {
    const functions = state.functions || []
    this.table.hidden = functions.length === 0
    this.empty.hidden = !state.functions || functions.length > 0
    const names = new Set(functions.map((f) => f.name))
    for (const [name, row] of this.rows) {
      if (!names.has(name)) {
        row.node.remove()
        this.rows.delete(name)
      }
    }
    functions.forEach((info, index) => {
      const row = this.rows.get(info.name) || new Row(info.name)
      this.rows.set(info.name, row)
      row.update(info)
      row.count()
      if (this.body.children[index] !== row.node) {
        this.body.insertBefore(row.node, this.body.children[index] || null)
      }
    })
  }
}
