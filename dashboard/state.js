// What the page knows of the server, kept up to date by polling: one request
// after the other, none while the page is hidden.

import { call, callJson, token } from './api.js'
import { History, parseMetrics, summarise } from './metrics.js'

const INTERVAL = 2000
const WINDOW = 120
const LIST_AGE = 30000

export const state = {
  functions: null, // as GET v1/functions lists them
  history: new History(WINDOW),
  down: '', // why there is no answer
}

const events = new EventTarget()
let timer = 0
let running = false
const listed = { time: 0, of: '' } // when, and what was counted then

// Kinds: 'metrics', 'functions', 'link'. Returns what ends it.
export function on(kind, handler) {
  events.addEventListener(kind, handler)
  return () => events.removeEventListener(kind, handler)
}

function emit(kind) {
  events.dispatchEvent(new Event(kind))
}

export function find(name) {
  return (state.functions || []).find((f) => f.name === name)
}

export async function refreshFunctions() {
  const { functions } = await callJson('GET', 'v1/functions')
  state.functions = functions
  listed.time = Date.now()
  emit('functions')
}

async function scrape() {
  const text = await call('GET', 'metrics')
  const figures = summarise(parseMetrics(text), Date.now())
  state.history.push(figures)
  const { deploys, isere_functions: count } = figures.process
  const counted = deploys + ' ' + count
  if (counted !== listed.of || Date.now() - listed.time > LIST_AGE) {
    await refreshFunctions()
    listed.of = counted
  }
  emit('metrics')
}

async function tick() {
  timer = 0
  running = true
  const before = state.down
  let wait = INTERVAL
  try {
    await scrape()
    state.down = ''
  } catch (error) {
    state.down = error.message
    wait = INTERVAL * 2
  }
  running = false
  if (before !== state.down) {
    emit('link')
  }
  schedule(wait)
}

function schedule(wait) {
  if (!timer && !running && token() && !document.hidden) {
    timer = setTimeout(tick, wait)
  }
}

export function startPolling() {
  schedule(0)
}

export function stopPolling() {
  clearTimeout(timer)
  timer = 0
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    stopPolling()
  } else {
    schedule(0)
  }
})
