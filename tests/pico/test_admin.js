// Every call of the admin API and what handlers do worst: mostly for the depth of
// the stacks, which all.js checks at the end.
import assert from 'node:assert/strict'
import { SECOND } from './board.js'

function* served(board) {
  yield* board.serving()
  yield* board.attach()
}

export function every_call({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const expect = function* (status, method, path, options) {
      const response = yield* board.admin(method, path, options)
      assert.equal(response?.status, status, `${method} ${path}: ${response?.body}`)
      return response.body
    }
    const json = { 'Content-Type': 'application/json' }
    const source = 'export const handler = (event) => { console.log("here", event); return 1 }'
    const pack = JSON.stringify({
      main: 'main.js',
      files: { 'main.js': 'export { handler } from "./part.js"', 'part.js': source },
      routes: ['GET /pets/{id}', 'ANY /dogs/{path+}'],
      env: { MODE: 'test' },
      timeout: '500ms',
    })
    yield* expect(201, 'PUT', 'functions/pets', { headers: json, body: pack })
    yield* expect(200, 'PUT', 'functions/pets', { headers: json, body: pack })
    assert.equal((yield* board.request('GET', '/pets/tom')).status, 200)
    yield* expect(200, 'GET', 'functions')
    yield* expect(200, 'GET', 'functions/pets')
    yield* expect(200, 'GET', 'functions/pets/files')
    yield* expect(200, 'POST', 'functions/pets/invoke', { headers: json, body: '{"path": "/try"}' })
    yield* expect(200, 'POST', 'functions/pets/rollback')
    yield* expect(200, 'POST', 'functions/pets/release')
    yield* expect(404, 'GET', 'functions/none')
    const broken = { headers: { 'Content-Type': 'text/javascript' }, body: 'export const = 1' }
    yield* expect(400, 'PUT', 'functions/broken', broken)
    yield* expect(204, 'DELETE', 'functions/pets')
    const headers = { Authorization: `Bearer ${board.token}` }
    for (const path of ['metrics', 'health']) {
      assert.equal((yield* board.request('GET', `/_isere/${path}`, { headers })).status, 200)
    }
    assert.equal((yield* board.request('GET', '/_isere/')).status, 200)
    assert.equal((yield* board.request('GET', '/_isere/v1/functions')).status, 401)
  }())
}

// A log stream does not end by itself.
export function the_log({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    const connection = yield* board.tcp.connect(board.address, board.port)
    const head = `GET /_isere/v1/logs?follow=1 HTTP/1.1\r\nHost: isere.local\r\nAuthorization: Bearer ${board.token}\r\n\r\n`
    yield* connection.write(Buffer.from(head))
    const source = 'export const handler = () => { console.log("here I am"); return 1 }'
    assert.equal((yield* board.deploy('noisy', source)).status, 201)
    yield* board.get('/noisy')
    yield* board.until(() => /here I am/.test(connection.text.toString()), 5 * SECOND, 'the log')
    connection.abort()
    yield* board.get()
  }())
}

const WORST = {
  recursion: ['const down = (n) => down(n + 1) + 1; export const handler = () => down(0)', 500],
  memory: ['export const handler = () => { const a = []; for (;;) a.push("x".repeat(5000) + a.length) }', 500],
  loop: ['export const handler = () => { for (;;) ; }', 504],
  regexp: ['export const handler = () => /(a+)+$/.test("a".repeat(40) + "b")', 504],
  nested: ['export const handler = () => JSON.parse("[".repeat(3000) + "]".repeat(3000))', 500],
  sort: ['export const handler = () => [...Array(999).keys()].sort((a, b) => b - a)[0]', 200],
}

export function handlers_at_their_worst({ make }) {
  const board = make()
  board.run(function* () {
    yield* served(board)
    for (const [name, [source, status]] of Object.entries(WORST)) {
      const created = yield* board.admin('PUT', `functions/${name}`, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ main: 'a.js', files: { 'a.js': source }, timeout: '200ms' }),
      })
      assert.equal(created.status, 201, created.body)
      const response = yield* board.request('GET', `/${name}`)
      assert.equal(response?.status, status, `${name}: ${response?.body}`)
      yield* board.admin('DELETE', `functions/${name}`)
    }
    yield* board.get()
  }())
}
