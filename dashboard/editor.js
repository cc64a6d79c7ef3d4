// A textarea with line numbers, colours, indentation and a mark at a line. The
// coloured text lies under the textarea, whose own text can't be seen.

import { el } from './dom.js'
import { paint } from './paint.js'

const INDENT = '  '
const LINE = 20 // height of a line and
const PADDING = 8 // space above the first, in pixels, as style.css has them

function lineStart(text, offset) {
  return text.lastIndexOf('\n', offset - 1) + 1
}

// Through the browser's editing command, so that it can be undone.
function insert(area, text) {
  if (!document.execCommand(text === '' ? 'delete' : 'insertText', false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end')
    area.dispatchEvent(new Event('input'))
  }
}

// Puts two spaces before each selected line, or takes up to two away.
function indent(area, out) {
  const { value, selectionStart, selectionEnd } = area
  if (!out && selectionStart === selectionEnd) {
    insert(area, INDENT)
    return
  }
  const from = lineStart(value, selectionStart)
  const lines = value.slice(from, selectionEnd).split('\n')
  const changed = lines.map((line) => (out ? line.replace(/^ {1,2}|^\t/, '') : INDENT + line))
  const text = changed.join('\n')
  if (text === lines.join('\n')) {
    return
  }
  area.setSelectionRange(from, selectionEnd)
  insert(area, text)
  area.setSelectionRange(lines.length > 1 ? from : from + text.length, from + text.length)
}

function newLine(area) {
  const { value, selectionStart } = area
  const line = value.slice(lineStart(value, selectionStart), selectionStart)
  const deeper = /[{([]\s*$/.test(line) ? INDENT : ''
  insert(area, '\n' + /^[ \t]*/.exec(line)[0] + deeper)
}

export class Editor {
  // `change()` is called after each change by the user, `save()` on Ctrl+S.
  constructor({ change, save, describedBy }) {
    this.change = change
    this.save = save
    this.leaving = true
    this.gutter = el('div', { class: 'gutter', 'aria-hidden': 'true' })
    this.stripe = el('div', { class: 'stripe', hidden: true })
    this.colours = el('pre', { 'aria-hidden': 'true' })
    this.area = el('textarea', {
      wrap: 'off', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
      'aria-describedby': describedBy,
      input: () => this.changed(),
      keydown: (event) => this.key(event),
      scroll: () => this.scrolled(),
      focus: () => { this.leaving = true },
      click: () => { this.leaving = false },
    })
    this.node = el('div', { class: 'editor' }, this.gutter,
      el('div', { class: 'text' }, this.stripe, this.colours, this.area))
  }

  get value() {
    return this.area.value
  }

  // Shows another text under the name of its file.
  open(label, text) {
    this.area.setAttribute('aria-label', label)
    this.area.value = text
    this.area.scrollTop = 0
    this.mark(0)
  }

  changed() {
    this.mark(0)
    this.change()
  }

  draw() {
    const count = this.area.value.split('\n').length
    if (count !== this.lines || this.line !== this.drawn) {
      const numbers = []
      for (let i = 1; i <= count; i += 1) {
        numbers.push(i === this.line ? el('b', {}, String(i)) : String(i), '\n')
      }
      this.gutter.replaceChildren(el('div', {}, ...numbers))
      this.lines = count
      this.drawn = this.line
    }
    paint(this.colours, this.area.value)
    this.scrolled()
  }

  scrolled() {
    const { scrollTop, scrollLeft } = this.area
    this.gutter.firstChild.style.transform = 'translateY(' + -scrollTop + 'px)'
    this.colours.style.transform = 'translate(' + -scrollLeft + 'px,' + -scrollTop + 'px)'
    this.stripe.style.transform = 'translateY(' + (PADDING + (this.line - 1) * LINE - scrollTop) + 'px)'
  }

  // Marks a line as wrong; 0: none.
  mark(line) {
    this.line = line
    this.stripe.hidden = !line
    if (line) {
      this.area.setAttribute('aria-invalid', 'true')
    } else {
      this.area.removeAttribute('aria-invalid')
    }
    this.draw()
  }

  // Puts the caret there, in sight, and the focus in the text.
  go(line, column) {
    const { area } = this
    const lines = area.value.split('\n')
    const before = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
    const inside = Math.min(Math.max(0, (column || 1) - 1), (lines[line - 1] || '').length)
    area.focus()
    area.setSelectionRange(before + inside, before + inside)
    area.scrollTop = Math.max(0, (line - 1) * LINE - area.clientHeight / 2)
    this.scrolled()
  }

  // Tab indents once one works on the text; before, and after Escape, it goes on
  // to what comes next as everywhere else.
  key(event) {
    const command = event.ctrlKey || event.metaKey
    if (event.key === 'Escape') {
      this.leaving = true
    } else if (event.key === 'Tab' && !command && !event.altKey) {
      if (!this.leaving) {
        event.preventDefault()
        indent(this.area, event.shiftKey)
      }
    } else if (event.key === 's' && command) {
      event.preventDefault()
      this.save()
    } else if (event.key === 'Enter' && !command && !event.isComposing) {
      event.preventDefault()
      newLine(this.area)
    } else if (!['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) {
      this.leaving = false
    }
  }
}
