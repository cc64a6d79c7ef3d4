// Programs in emulated time. A task is a generator: `yield NANOS` waits, and
// `yield* other()` calls. So a test reads from top to bottom, and each run of
// it is the same.

export const MS = 1e6
export const SECOND = 1e9

export class Tasks {
  constructor(clock) {
    this.clock = clock
  }

  // {isDone, result, stop()}
  start(generator) {
    const task = { isDone: false, result: undefined }
    const step = () => {
      const { value, done } = generator.next()
      if (done) {
        task.isDone = true
        task.result = value
      } else {
        alarm.schedule(Math.max(1, value))
      }
    }
    const alarm = this.clock.createAlarm(step)
    task.stop = () => {
      alarm.cancel()
      task.isDone = true
    }
    alarm.schedule(1)
    return task
  }

  // Waits until condition() is true; its value. Fails after `limit`.
  *until(condition, limit, what) {
    const end = this.clock.nanos + limit
    for (;;) {
      const value = condition()
      if (value) return value
      if (this.clock.nanos > end) {
        throw new Error(`${what}: not within ${limit / MS} ms`)
      }
      yield 50_000
    }
  }

  // Runs several at a time; their results.
  *all(generators) {
    const tasks = generators.map((generator) => this.start(generator))
    while (!tasks.every((task) => task.isDone)) yield 50_000
    return tasks.map((task) => task.result)
  }
}
