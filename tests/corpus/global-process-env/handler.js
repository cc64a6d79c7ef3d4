'use strict'
export const handler = () => {
  const errors = []
  for (const f of [() => { process.env.NAME = 'x' }, () => { process.env.NEW = 'x' }, () => { delete process.env.NAME }]) {
    try { f() } catch (e) { errors.push(e.name) }
  }
  return [process.env.NAME, process.env.EMPTY, process.env.NODE_ENV, process.env.PATH, Object.isFrozen(process.env), errors]
}
