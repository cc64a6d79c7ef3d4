// The Prometheus text of /_isere/metrics, and what is drawn of it.

const SAMPLE = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)/i
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g
const ESCAPES = { n: '\n' }

export function parseMetrics(text) {
  const samples = []
  for (const line of text.split('\n')) {
    const match = line[0] === '#' ? null : SAMPLE.exec(line)
    if (!match) {
      continue
    }
    const labels = {}
    for (const [, name, value] of (match[2] || '').matchAll(LABEL)) {
      labels[name] = value.replace(/\\(.)/g, (_, c) => ESCAPES[c] || c)
    }
    const value = match[3] === '+Inf' ? Infinity : Number(match[3])
    samples.push({ name: match[1], labels, value })
  }
  return samples
}

function newFigures() {
  return {
    requests: 0, errors: {}, buckets: new Map(),
    instances: 0, used: null, peak: null, limit: null, queue: 0,
  }
}

// Which sample goes where. Of the heap, 0 means that nothing is known yet.
const OF_FUNCTION = {
  isere_requests_total: 'requests',
  isere_instances: 'instances',
  isere_instance_hits_total: 'hits',
  isere_instance_starts_total: 'starts',
  isere_instance_restarts_total: 'restarts',
  isere_heap_used_bytes: 'used',
  isere_heap_peak_bytes: 'peak',
  isere_heap_limit_bytes: 'limit',
  isere_queue_length: 'queue',
}

function take(figures, { name, labels, value }) {
  if (name === 'isere_errors_total') {
    figures.errors[labels.kind] = value
  } else if (name === 'isere_request_duration_seconds_bucket') {
    figures.buckets.set(labels.le === '+Inf' ? Infinity : Number(labels.le), value)
  } else if (OF_FUNCTION[name]) {
    const key = OF_FUNCTION[name]
    figures[key] = value === 0 && (key === 'used' || key === 'peak') ? null : value
  }
}

function add(total, figures) {
  total.requests += figures.requests
  total.queue += figures.queue
  total.instances += figures.instances
  for (const [kind, count] of Object.entries(figures.errors)) {
    total.errors[kind] = (total.errors[kind] || 0) + count
  }
  for (const [bound, count] of figures.buckets) {
    total.buckets.set(bound, (total.buckets.get(bound) || 0) + count)
  }
  // Each instance has a heap of its own.
  total.used += (figures.used || 0) * figures.instances
  total.limit += (figures.limit || 0) * figures.instances
}

// One scrape: figures by function, '' for all together, and of the process.
export function summarise(samples, time) {
  const functions = new Map()
  const process = { deploys: 0 }
  for (const sample of samples) {
    const name = sample.labels.function
    if (name !== undefined) {
      if (!functions.has(name)) {
        functions.set(name, newFigures())
      }
      take(functions.get(name), sample)
    } else if (sample.name === 'isere_deploys_total') {
      process.deploys += sample.value
    } else if (sample.name === 'isere_info') {
      process.version = sample.labels.version
    } else {
      process[sample.name] = sample.value
    }
  }
  const total = { ...newFigures(), used: 0, limit: 0 }
  functions.forEach((figures) => add(total, figures))
  functions.set('', total)
  return { time, functions, process }
}

// The `q` quantile of a histogram's increase, in its unit; null without any.
// Within a bucket the values are taken to be spread evenly.
export function quantile(before, after, q) {
  const bounds = [...after.keys()].sort((a, b) => a - b)
  const counts = bounds.map((bound) => after.get(bound) - (before.get(bound) || 0))
  const wanted = counts[counts.length - 1] * q
  if (!(wanted > 0)) {
    return null
  }
  const index = counts.findIndex((count) => count >= wanted)
  const low = index > 0 ? bounds[index - 1] : 0
  if (bounds[index] === Infinity) {
    return low
  }
  const below = index > 0 ? counts[index - 1] : 0
  return low + ((bounds[index] - low) * (wanted - below)) / (counts[index] - below)
}

// What happened between two scrapes of the same function.
function point(time, before, after, elapsed) {
  const heap = { time, used: after.used, peak: after.peak, limit: after.limit }
  // A counter that went back is a server that was started again.
  if (!before || after.requests < before.requests || elapsed <= 0) {
    return { ...heap, requests: null, p50: null, p95: null, errors: {}, failed: null }
  }
  const errors = {}
  let failed = 0
  for (const [kind, count] of Object.entries(after.errors)) {
    errors[kind] = Math.max(0, count - (before.errors[kind] || 0)) / elapsed
    failed += errors[kind]
  }
  return {
    ...heap,
    requests: (after.requests - before.requests) / elapsed,
    p50: quantile(before.buckets, after.buckets, 0.5),
    p95: quantile(before.buckets, after.buckets, 0.95),
    errors,
    failed,
  }
}

// The last points of every function.
export class History {
  constructor(seconds) {
    this.seconds = seconds
    this.points = new Map()
    this.last = null
  }

  push(scrape) {
    const { last } = this
    const elapsed = last ? (scrape.time - last.time) / 1000 : 0
    for (const name of this.points.keys()) {
      if (!scrape.functions.has(name)) {
        this.points.delete(name)
      }
    }
    for (const [name, figures] of scrape.functions) {
      const points = this.points.get(name) || []
      points.push(point(scrape.time, last && last.functions.get(name), figures, elapsed))
      while (points[0].time < scrape.time - this.seconds * 1000) {
        points.shift()
      }
      this.points.set(name, points)
    }
    this.last = scrape
  }

  of(name) {
    return this.points.get(name) || []
  }

  figures(name) {
    return this.last ? this.last.functions.get(name) : undefined
  }
}
