// The log stream: one request that goes on, taken up again when it ends.

import { send, token } from './api.js'
import { button, el, field, select, setText } from './dom.js'
import { plural } from './format.js'
import { on, state } from './state.js'

const KEPT = 500
const LEVELS = ['error', 'warn', 'info', 'debug']

// Calls `line` with each parsed line of a response.
async function readLines(response, line) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) {
      return
    }
    const lines = (rest + value).split('\n')
    rest = lines.pop()
    for (const text of lines) {
      try {
        line(JSON.parse(text))
      } catch (error) {
        if (!(error instanceof SyntaxError)) {
          throw error
        }
      }
    }
  }
}

// Follows the logs while the page is visible. `handlers`: line(record) and
// status(text).
class Stream {
  constructor(handlers) {
    this.handlers = handlers
    this.last = { seq: 0, time: '' }
    this.visible = () => this.restart()
    document.addEventListener('visibilitychange', this.visible)
    this.off = on('link', () => !state.down && this.restart())
  }

  // Begins anew with these parameters.
  open(query) {
    this.query = query
    this.last = { seq: 0, time: '' }
    this.restart()
  }

  close() {
    document.removeEventListener('visibilitychange', this.visible)
    this.off()
    this.stop()
  }

  stop() {
    clearTimeout(this.timer)
    if (this.abort) {
      this.abort.abort()
    }
  }

  restart() {
    this.stop()
    if (!document.hidden) {
      this.run()
    }
  }

  async run() {
    const abort = new AbortController()
    this.abort = abort
    this.handlers.status('connecting …')
    let wait = 2000
    try {
      const response = await send('GET', 'v1/logs?' + this.query, { signal: abort.signal })
      this.handlers.status('live')
      await readLines(response, (record) => this.take(record))
      wait = 500
    } catch (error) {
      // What is refused now will be refused again.
      if (error.status >= 400 && error.status < 500) {
        this.handlers.status(error.message)
        return
      }
    }
    if (!abort.signal.aborted && token()) {
      this.handlers.status('interrupted, trying again')
      this.timer = setTimeout(() => this.restart(), wait)
    }
  }

  // What was seen before comes again after an interruption.
  take(record) {
    if (record.lost === undefined) {
      const { seq, time } = this.last
      if (record.seq <= seq && record.time <= time) {
        return
      }
      this.last = { seq: record.seq, time: record.time }
    }
    this.handlers.line(record)
  }
}

// A line as it is shown, here and with the result of an invocation.
export function logRow(record, names) {
  if (record.lost !== undefined) {
    return el('li', { class: 'lost' }, plural(record.lost, 'line') + ' lost: this reader was too slow')
  }
  const time = String(record.time)
  return el('li', { class: LEVELS.includes(record.level) ? 'at-' + record.level : '' },
    el('time', { datetime: time, title: time }, time.slice(11, 23)),
    el('span', { class: 'level' }, String(record.level)),
    names && el('span', { class: 'name' }, record.function ? String(record.function) : '–'),
    el('span', { class: 'message', title: record.requestId && 'request ' + record.requestId },
      String(record.message)))
}

// The list with its filters. `name`: the function it is about, '' for all.
export class LogView {
  constructor(name) {
    this.name = name
    this.records = []
    this.fresh = []
    this.paused = false
    this.stream = new Stream({
      line: (record) => this.take(record),
      status: (text) => setText(this.status, text),
    })
    this.controls()
    this.list = el('ol')
    this.box = el('div', {
      class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': 'Log lines', tabindex: '0',
    }, this.list)
    this.empty = el('p', { class: 'hint' }, 'No lines yet.')
    this.node = el('section', { class: 'logs', id: 'logs', 'aria-labelledby': 'logs-title' },
      el('div', { class: 'head' }, el('h2', { id: 'logs-title', tabindex: '-1' }, 'Logs'), this.status),
      this.filters, this.box, this.empty)
    this.off = on('functions', () => this.updateNames())
    this.open()
  }

  controls() {
    const reopen = () => this.open()
    this.status = el('span', { class: 'dim', role: 'status' })
    this.level = select(
      [['debug', 'all levels'], ['info', 'info and worse'], ['warn', 'warn and worse'], ['error', 'errors']],
      'debug', { change: reopen },
    )
    this.text = el('input', { type: 'search', input: () => this.show(), placeholder: 'text or request id' })
    this.chosen = select([['', 'all functions']], '', { change: reopen })
    this.pause = button('Pause', () => this.togglePause(), { 'aria-pressed': 'false' })
    this.filters = el('div', { class: 'row filters' },
      !this.name && field('Function', this.chosen),
      field('Level', this.level), field('Contains', this.text),
      this.pause, button('Clear', () => this.clear()))
    this.updateNames()
  }

  updateNames() {
    const names = (state.functions || []).map((f) => f.name)
    const present = [...this.chosen.options].slice(1).map((option) => option.value)
    if (names.join() !== present.join()) {
      const { value } = this.chosen
      this.chosen.replaceChildren(el('option', { value: '' }, 'all functions'),
        ...names.map((name) => el('option', { value: name }, name)))
      this.chosen.value = names.includes(value) ? value : ''
    }
  }

  open() {
    const query = new URLSearchParams({ follow: '1', level: this.level.value })
    const name = this.name || this.chosen.value
    if (name) {
      query.set('function', name)
    }
    this.clear()
    this.stream.open(query)
  }

  close() {
    this.stream.close()
    this.off()
    cancelAnimationFrame(this.frame)
  }

  clear() {
    this.records = []
    this.fresh = []
    this.show()
  }

  togglePause() {
    this.paused = !this.paused
    this.pause.setAttribute('aria-pressed', String(this.paused))
    this.pause.textContent = 'Pause'
    this.later()
  }

  take(record) {
    this.fresh.push(record)
    if (this.fresh.length > KEPT) {
      this.fresh.shift()
    }
    this.later()
  }

  // Many lines may come at once: they are drawn together.
  later() {
    if (!this.frame) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0
        this.append()
      })
    }
  }

  matches(record) {
    const wanted = this.text.value.toLowerCase()
    if (wanted === '' || record.lost !== undefined) {
      return true
    }
    return [record.message, record.requestId, record.function]
      .some((part) => String(part || '').toLowerCase().includes(wanted))
  }

  append() {
    if (this.paused) {
      this.pause.textContent = this.fresh.length > 0 ? 'Pause (' + this.fresh.length + ' waiting)' : 'Pause'
      return
    }
    const { list, box } = this
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 24
    const fresh = this.fresh.splice(0)
    this.records.push(...fresh)
    this.records.splice(0, Math.max(0, this.records.length - KEPT))
    list.append(...fresh.filter((r) => this.matches(r)).map((r) => logRow(r, !this.name)))
    while (list.childElementCount > KEPT) {
      list.firstChild.remove()
    }
    this.ended(atEnd)
  }

  show() {
    const rows = this.records.filter((r) => this.matches(r)).map((r) => logRow(r, !this.name))
    if (this.list) {
      this.list.replaceChildren(...rows)
      this.ended(true)
    }
  }

  ended(atEnd) {
    const { box } = this
    box.hidden = this.list.childElementCount === 0
    this.empty.hidden = !box.hidden
    setText(this.empty, this.records.length > 0 ? 'No line contains that.' : 'No lines yet.')
    if (atEnd) {
      box.scrollTop = box.scrollHeight
    }
  }
}
