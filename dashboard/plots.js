// The four plots of a function, or of all together.

import { el } from './dom.js'
import { rate, seconds, size } from './format.js'
import { Plot } from './plot.js'
import { on, state } from './state.js'

const ERRORS = ['exception', 'timeout', 'memory', 'stack', 'malformed', 'busy']

// A line for each kind of error, drawn while there were any.
function errorPlot() {
  const series = ERRORS.map((label, index) => ({
    label, kind: 'bad dash' + index, rare: true, value: (p) => p.errors[label],
  }))
  return new Plot({ title: 'Errors', format: rate, series })
}

function heapPlot(name) {
  const limit = (points) => points.length > 0 && points[points.length - 1].limit
  const used = { label: 'used', kind: 'second', value: (p) => p.used }
  const peak = { label: 'peak', kind: 'first', value: (p) => p.peak }
  return new Plot({
    title: name ? 'Heap' : 'Heaps of all instances',
    series: name ? [peak, used] : [{ ...used, label: '', kind: 'first' }],
    format: size,
    top: limit,
    ceiling: (top) => (top > 1 ? 'limit ' + size(top) : ''),
  })
}

// Returns { node, stop }.
export function plots(name) {
  const all = [
    new Plot({
      title: 'Requests', format: rate,
      series: [{ label: '', kind: 'first', value: (p) => p.requests }],
    }),
    new Plot({
      title: 'Latency', format: seconds,
      series: [
        { label: 'p95', kind: 'first', value: (p) => p.p95 },
        { label: 'p50', kind: 'second', value: (p) => p.p50 },
      ],
    }),
    errorPlot(),
    heapPlot(name),
  ]
  const update = () => {
    const { last } = state.history
    all.forEach((plot) => plot.update(state.history.of(name), last ? last.time : Date.now()))
  }
  update()
  return { node: el('div', { class: 'plots' }, all.map((plot) => plot.node)), stop: on('metrics', update) }
}
