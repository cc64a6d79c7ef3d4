// A small plot over the last two minutes. Its caption has the same in words and
// figures, so the drawing itself is hidden from screen readers.

import { el, setText, svg } from './dom.js'

const WIDTH = 240
const HEIGHT = 56
const SPAN = 120000

// The next of 1, 2, 5, 10, 20 ...
export function niceCeiling(value) {
  if (!(value > 0)) {
    return 1
  }
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].find((step) => step * power >= value * 0.999) * power
}

function path(points, value, top, now, closed) {
  let text = ''
  let start = null
  let x = 0
  const close = () => {
    if (closed && start !== null) {
      text += 'V' + HEIGHT + 'H' + start + 'Z'
    }
    start = null
  }
  for (const point of points) {
    const y = value(point)
    if (y === null || y === undefined) {
      close()
      continue
    }
    x = (WIDTH * (1 - (now - point.time) / SPAN)).toFixed(1)
    const height = (HEIGHT - (HEIGHT - 1) * Math.min(1, y / top)).toFixed(1)
    text += (start === null ? 'M' : 'L') + x + ' ' + height
    start = start === null ? x : start
  }
  close()
  return text
}

// A piece of a line, to tell which is which.
function swatch(kind) {
  const node = svg('svg', { class: 'swatch', viewBox: '0 0 16 4', 'aria-hidden': 'true' })
  node.append(svg('path', { class: 'line ' + kind, d: 'M0 2H16' }))
  return node
}

export class Plot {
  // `series`: [{ label, value(point), kind, rare }], the kind being classes of
  // style.css; a rare one is left out where it has no value.
  // `format` makes text of a value; `top(points)`, where it is given, is the value
  // at the upper edge, which `ceiling` puts in words.
  constructor({ title, series, format, top, ceiling }) {
    Object.assign(this, { series, format, top, ceilingText: ceiling || format })
    this.points = []
    this.drawing = svg('svg', {
      viewBox: '0 0 ' + WIDTH + ' ' + HEIGHT, preserveAspectRatio: 'none', 'aria-hidden': 'true',
    })
    this.drawing.append(
      svg('path', { class: 'grid', d: 'M0 .5H' + WIDTH + 'M0 ' + (HEIGHT - 0.5) + 'H' + WIDTH }),
    )
    this.cursor = svg('path', { class: 'cursor' })
    this.lines = series.map((s) => {
      const area = svg('path', { class: 'area ' + s.kind })
      const line = svg('path', { class: 'line ' + s.kind })
      this.drawing.append(area, line)
      return { area, line }
    })
    this.drawing.append(this.cursor)
    this.values = el('span', { class: 'values' })
    this.ceiling = el('span', { class: 'ceiling', 'aria-hidden': 'true' })
    const caption = el('figcaption', {}, el('span', { class: 'title' }, title), this.values)
    const box = el('div', { class: 'box' }, this.drawing, this.ceiling)
    this.node = el('figure', { class: 'plot' }, caption, box)
    this.drawing.addEventListener('pointermove', (event) => this.point(event))
    this.drawing.addEventListener('pointerleave', () => this.point(null))
  }

  // The figures in the caption: of the newest point, or the one pointed at.
  caption(point) {
    const shown = this.series.filter((s) => !s.rare || (point && s.value(point)))
    this.values.replaceChildren(...shown.map((s) =>
      el('span', { class: 'value' }, s.label && [swatch(s.kind), el('small', {}, s.label + ' ')],
        this.format(point ? s.value(point) : null))))
    if (shown.length === 0) {
      this.values.append(el('span', { class: 'value' }, this.format(0)))
    }
  }

  point(event) {
    if (!event || this.points.length === 0) {
      this.at = null
    } else {
      const { left, width } = this.drawing.getBoundingClientRect()
      const time = this.now - SPAN * (1 - (event.clientX - left) / width)
      this.at = this.points.reduce((a, b) =>
        (Math.abs(b.time - time) < Math.abs(a.time - time) ? b : a))
    }
    this.draw()
  }

  update(points, now) {
    this.points = points
    this.now = now
    if (this.at && !points.includes(this.at)) {
      this.at = null
    }
    this.draw()
  }

  draw() {
    const { points, now } = this
    const most = Math.max(0, ...points.flatMap((p) => this.series.map((s) => s.value(p) || 0)))
    const top = (this.top && this.top(points)) || niceCeiling(most)
    this.series.forEach((s, index) => {
      const drawn = s.rare && !points.some((p) => s.value(p)) ? [] : points
      this.lines[index].line.setAttribute('d', path(drawn, s.value, top, now, false))
      this.lines[index].area.setAttribute('d', path(drawn, s.value, top, now, true))
    })
    setText(this.ceiling, this.ceilingText(top))
    const at = this.at && WIDTH * (1 - (now - this.at.time) / SPAN)
    this.cursor.setAttribute('d', this.at ? 'M' + at.toFixed(1) + ' 0V' + HEIGHT : '')
    this.caption(this.at || points[points.length - 1])
  }
}
