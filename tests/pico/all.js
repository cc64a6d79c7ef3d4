// Runs the tests: each on a board of its own, one after the other. What they
// measured is printed at the end.
import path from 'node:path'
import { Board } from './board.js'
import { Image } from './image.js'
import * as admin from './test_admin.js'
import * as boot from './test_boot.js'
import * as flash from './test_flash.js'
import * as net from './test_net.js'
import * as usb from './test_usb.js'

const MAX_STACK = 0.8 // of its size

const suites = { boot, usb, net, admin, flash }
const images = {}
const report = []
const stacks = new Map() // of all tests: {name: {used, size}}

const spaced = (name) => name.replaceAll('_', ' ')

function image(name) {
  images[name] ??= new Image(path.join(process.env.ISERE_FIRMWARE, name))
  return images[name]
}

function runTest(name, test) {
  const start = performance.now()
  const boards = []
  const make = (build = 'pico2', seed = 1) => {
    const board = new Board(image(build), seed)
    boards.push(board)
    return board
  }
  let error = null
  try {
    test({ make, report: (line) => report.push(line) })
  } catch (caught) {
    error = caught
  }
  for (const board of boards) keepStacks(board)
  const emulated = boards.reduce((sum, board) => sum + board.clock.nanos / 1e9, 0)
  const took = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${error ? 'FAILED ' : 'ok     '} ${name} (${took} s for ${emulated.toFixed(1)} s)`)
  if (error) {
    console.log(error.stack)
    for (const board of boards) console.log(board.tail(40))
  }
  return error === null
}

function keepStacks(board) {
  for (const { name, used, size } of board.stacks()) {
    if (used > (stacks.get(name)?.used ?? 0)) stacks.set(name, { used, size })
  }
}

// After all others: how deep the threads' stacks were ever used.
function checkStacks() {
  let isFine = true
  for (const [name, { used, size }] of [...stacks].sort()) {
    const isTooDeep = used > MAX_STACK * size
    report.push(`stack ${name.padEnd(28)} ${String(used).padStart(6)} of ${size} bytes used${isTooDeep ? ', too many' : ''}`)
    isFine &&= !isTooDeep
  }
  return isFine
}

let failed = 0
let count = 0
const wanted = process.env.ISERE_TEST ?? ''
for (const [suite, tests] of Object.entries(suites)) {
  for (const [name, test] of Object.entries(tests)) {
    if (!`${suite}: ${spaced(name)}`.includes(wanted)) continue
    count++
    if (!runTest(`${suite}: ${spaced(name)}`, test)) failed++
  }
}
if (!wanted) {
  count++
  if (!checkStacks()) failed++
}
for (const line of report) console.log(line)
console.log(`test-pico: ${count - failed} passed, ${failed} failed`)
process.exitCode = failed || !count ? 1 : 0
