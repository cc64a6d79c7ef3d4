// What stays: deploys, resets of all kinds, and power cuts while the flash is
// erased or programmed.
import assert from 'node:assert/strict'
import { MS, SECOND } from './board.js'
import { RESET_PIN, WATCHDOG } from './chip/chip.js'

const version = (n) => `export const handler = () => 'version ${n}'`

function* served(board) {
  yield* board.serving()
  yield* board.attach()
}

export function a_deploy_is_there_after_a_reset({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const created = yield* board.deploy('hello', version(1))
    assert.equal(created.status, 201, created.body)
    assert.equal(yield* board.get('/hello'), 'version 1')
    const from = board.log.length
    board.reset(RESET_PIN)
    yield* board.serving(from)
    yield* board.line(/started after: reset pin/, SECOND, from)
    yield* board.attach()
    assert.equal(yield* board.get('/hello'), 'version 1')
    assert.match(yield* board.get('/'), /Hello/)
  }())
}

export function eight_functions_are_there_after_a_reset({ make }) {
  const board = make()
  const names = Array.from({ length: 8 }, (_, n) => `function-${n}`)
  board.run(function* () {
    yield* served(board)
    for (const name of names) {
      const { status, body } = yield* board.deploy(name, `export const handler = () => '${name}'`)
      assert.equal(status, 201, body)
    }
    const from = board.log.length
    board.reset(RESET_PIN)
    yield* board.serving(from)
    yield* board.attach()
    for (const name of names) assert.equal(yield* board.get(`/${name}`), name)
  }())
}

export function deploys_while_requests_run({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const asking = function* () {
      for (let n = 0; n < 20; n++) assert.match(yield* board.get('/'), /Hello/)
    }
    const deploying = function* () {
      for (let n = 1; n <= 3; n++) {
        const { status, body } = yield* board.deploy('hello', version(n))
        assert.ok(status === 201 || status === 200, body)
      }
    }
    yield* board.tasks.all([asking(), deploying()])
    assert.equal(yield* board.get('/hello'), 'version 3')
  }())
}

// The first start formats the store: cut in its first operations, and in some of the
// later ones.
export function power_cuts_while_the_store_is_formatted({ make }) {
  const board = make()
  board.run(function* () {
    const { flashChip } = board.chip
    let cuts = 0
    for (let from = 0, operation = 1; ; operation = Math.ceil(operation * 1.4)) {
      const end = flashChip.operations + operation
      const isServing = () => board.log.slice(from).some((line) => /listening/.test(line))
      yield* board.until(() => isServing() ||
        (flashChip.operations >= end && flashChip.isBusy), 30 * SECOND, 'a start')
      if (isServing()) break
      cuts++
      from = board.log.length
      board.chip.powerCycle()
    }
    assert.ok(cuts > 2, `${cuts} cuts`)
    assert.ok(board.token)
    yield* board.attach()
    yield* board.get()
  }())
}

// Each deploy is cut in a later operation than the last one: in some of its
// thousand, since a start takes a second here. Afterwards the function is the old
// one or the new one, complete.
export function power_cuts_in_deploys({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    assert.equal((yield* board.deploy('hello', version(0))).status, 201)
    const { token } = board
    let last = 0
    for (let n = 1, operation = 1, isCut = true; isCut; n++, operation = Math.ceil(operation * 1.5)) {
      const before = board.chip.flashChip.operations
      const deploying = board.tasks.start(board.deploy('hello', version(n)))
      yield* board.until(() => deploying.isDone ||
        (board.chip.flashChip.operations >= before + operation && board.chip.flashChip.isBusy),
      30 * SECOND, 'a deploy')
      isCut = !deploying.isDone
      if (isCut) {
        deploying.stop()
        const from = board.log.length
        board.chip.powerCycle()
        yield* board.serving(from)
        yield* board.attach()
        assert.equal(board.token, token)
      }
      const body = yield* board.get('/hello')
      assert.ok([`version ${last}`, `version ${n}`].includes(body), body)
      last = Number(body.split(' ')[1])
      if (!isCut) assert.equal(last, n)
    }
    assert.ok(last > 4, `only ${last} deploys were cut`)
  }())
}

// Interrupts are off and the loop does not run any more.
export function the_watchdog_resets_what_hangs({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const from = board.log.length
    const start = board.clock.nanos
    const core = board.chip.core[0]
    core.regs.faultmask = 1
    core.waiting = true
    yield* board.serving(from)
    yield* board.line(/started after: watchdog/, SECOND, from)
    const limit = board.settings.ISERE_WATCHDOG_MS
    assert.ok(board.chip.resetAt - start >= 0.5 * limit * MS)
    assert.ok(board.chip.resetAt - start <= limit * MS + SECOND)
    yield* board.attach()
    yield* board.get()
  }())
}

// A fault that nothing caused: the record of what ran has to outlast the reset.
export function a_fault_names_the_function_after_the_reset({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    assert.equal((yield* board.deploy('spin', 'export const handler = () => { for (;;) ; }')).status, 201)
    const from = board.log.length
    board.isFaulty = true
    const asking = board.tasks.start(board.request('GET', '/spin'))
    yield 200 * MS
    asking.stop()
    const core = board.chip.core[0]
    core.regs.pc = 0x30000000 // nothing is there
    yield* board.line(/restarted after a fault in function 'spin' version 1/, 20 * SECOND, from)
    yield* board.serving(from)
    yield* board.attach()
    yield* board.get()
  }())
}

// A debugger's reset may stop at the processor: the peripherals stay as they
// are, and with them why the chip was reset the last time.
export function a_reset_of_the_processor_only({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    for (const why of [RESET_PIN, WATCHDOG]) {
      const start = board.log.length
      board.reset(why)
      yield* board.serving(start)
      yield* board.attach()
      const from = board.log.length
      board.chip.resetProcessor()
      yield* board.serving(from)
      yield* board.line(/started after: reset of the processor/, SECOND, from)
      yield* board.until(() => board.shown, 5 * SECOND, 'USB')
      yield* board.attach()
      yield* board.get()
    }
  }())
}

export function the_random_number_generator_fails({ make }) {
  const board = make()
  board.chip.trng.failures = 5
  board.run(function* () {
    yield* served(board)
    assert.ok(board.token)
    yield* board.get()
    assert.equal(board.chip.trng.failures, 0)
  }())
}
