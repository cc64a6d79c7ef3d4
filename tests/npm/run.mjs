// Bundles each package of tests/npm/*.cases, calls it in isère and in Node, and
// prints a table of what is the same.
//
//   node tests/npm/run.mjs FOLDER ISERE ESBUILD [--docs] [NAME...]
//
// FOLDER has the packages in its node_modules. With names only these are run.
// --docs prints the tables of docs/npm.md. Exit status 1: a package that
// tests/npm/fails does not name does not work, or one that it names does.
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const args = process.argv.slice(2)
const asDocs = args.includes('--docs')
const [folder, isere, esbuild, ...names] = args.filter((arg) => arg !== '--docs')
// A minute: with sanitizers, on a slow machine, beside others.
const TIMEOUT = 60_000
const environment = {
  ...process.env,
  TZ: 'UTC',
  NODE_ENV: 'production',
  PATH: dirname(resolve(esbuild)) + delimiter + process.env.PATH,
}

// {name, kind, source} of each part of a file: "=== NAME" and a module.
function readCases(file) {
  return readFileSync(join(here, file), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { name: part.slice(0, end), kind: basename(file, '.cases'), source: part.slice(end + 1) }
    })
}

function run(program, ...argv) {
  return new Promise((done) => {
    const options = { cwd: work, env: environment, timeout: TIMEOUT, maxBuffer: 1 << 26 }
    execFile(program, argv, options, (error, stdout, stderr) => done({ failed: !!error, stdout, stderr }))
  })
}

// What the module's function returns in Node, as JSON, or why there is none. Of
// one that is served: the answers to its requests, without what a server adds.
async function inNode(name) {
  const code = `const { default: run, requests } = await import('./${name}.mjs')
    const ask = async ([method, path, headers, body]) => {
      const answer = await run.fetch(new Request('http://h' + path, { method, headers, body }), {}, { waitUntil() {} })
      const fields = {}
      for (const field of ['connection', 'content-length', 'transfer-encoding']) answer.headers.delete(field)
      for (const [field, value] of answer.headers) fields[field] = fields[field] ? fields[field] + ', ' + value : value
      return [answer.status, fields, await answer.text()]
    }
    const answers = []
    for (const request of requests ?? []) answers.push(await ask(request))
    process.stdout.write('\\n' + JSON.stringify(requests ? answers : await run() ?? null)); process.exit(0)`
  const { failed, stdout, stderr } = await run(process.execPath, '--input-type=module', '-e', code)
  return failed ? { error: stderr } : { value: stdout.slice(stdout.lastIndexOf('\n') + 1) }
}

const limits = ['--memory', '64M', '--timeout', '30s', '--init-timeout', '30s']

async function inIsere(name) {
  const { failed, stdout, stderr } = await run(resolve(isere), 'invoke', `${name}.run.mjs`, ...limits)
  return failed ? { error: stderr || stdout } : { value: JSON.parse(stdout).body }
}

// The requests are in the module, which is text here: the part that Node ran says
// how many answers there are.
async function servedByIsere(test) {
  const list = test.source.slice(test.source.indexOf('export const requests = ') + 24)
  const before = /const json = .*/.exec(test.source)?.[0] ?? ''
  const requests = new Function(`${before}\nreturn ${list}`)()
  const answers = []
  for (const [httpMethod, target, headers = {}, body = null] of requests) {
    const [path, query = ''] = target.split('?')
    const event = JSON.stringify({ httpMethod, path, query, headers: { host: 'h', ...headers }, rawBody: body, body })
    const { failed, stdout, stderr } = await run(resolve(isere), 'invoke', `${test.file}.mjs`, '--event', event, ...limits)
    if (failed && !stdout) return { error: stderr }
    const { statusCode, headers: sent, multiValueHeaders, cookies, body: text, isBase64Encoded } = JSON.parse(stdout)
    const fields = {}
    const add = (name, value) => (fields[name] = fields[name] ? `${fields[name]}, ${value}` : String(value))
    for (const [name, value] of Object.entries({ ...sent, ...multiValueHeaders })) for (const one of [value].flat()) add(name.toLowerCase(), one)
    for (const cookie of cookies ?? []) add('set-cookie', cookie)
    answers.push([statusCode, fields, isBase64Encoded ? Buffer.from(text, 'base64').toString() : text])
  }
  return { value: JSON.stringify(answers) }
}

// Fields have no order.
const sorted = (json) =>
  json && JSON.stringify(JSON.parse(json), (key, value) =>
    value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value)

async function tryCase(test) {
  test.file = test.name.replace(/\W+/g, '-')
  writeFileSync(join(work, `${test.file}.mjs`), test.source)
  writeFileSync(
    join(work, `${test.file}.run.mjs`),
    `import run from './${test.file}.mjs'
export const handler = async () => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: JSON.stringify(await run() ?? null) })
`
  )
  const isServed = test.source.includes('export const requests')
  const [expected, found] = await Promise.all([inNode(test.file), isServed ? servedByIsere(test) : inIsere(test.file)])
  test.works = !expected.error && sorted(expected.value) === sorted(found.value)
  test.why =
    test.works ? ''
    : expected.error ? `Node: ${expected.error}`
    : (found.error ?? `is ${found.value}\n  and in Node ${expected.value}`)
}

// The packages that a module imports, with their versions.
function versions(test) {
  const found = new Set()
  for (const [, name] of test.source.matchAll(/from '((?:@[\w-]+\/)?[\w.-]+)/g)) found.add(name)
  return [...found].map((name) => {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json')))
      return `${name} ${version}`
    } catch {
      return name
    }
  })
}

function readFails() {
  const lines = readFileSync(join(here, 'fails'), 'utf8').split('\n')
  return new Map(lines.filter((line) => line && line[0] !== '#').map((line) => line.split(/ = (.*)/)))
}

function printDocs(tests) {
  for (const kind of ['frameworks', 'packages']) {
    const of = tests.filter((test) => test.kind === kind)
    console.log(`\n${kind}: ${of.filter((test) => test.works).length} of ${of.length} work\n`)
    console.log('| what | with | works |\n| --- | --- | --- |')
    for (const test of of) {
      const answer = test.works ? 'yes' : `no: ${fails.get(test.name) ?? ''}`
      console.log(`| ${test.name} | ${versions(test).join(', ')} | ${answer} |`)
    }
  }
}

const work = join(folder, 'cases')
rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const fails = readFails()
const files = readdirSync(here).filter((file) => file.endsWith('.cases')).sort()
const tests = files.flatMap(readCases).filter((test) => !names.length || names.includes(test.name))
const queue = [...tests]
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let test; (test = queue.shift()); ) {
      await tryCase(test)
      if (!asDocs) console.log(`${test.works ? 'works' : 'FAILS'}  ${test.name}`)
      if (!test.works && !asDocs) console.log(test.why.trim().slice(0, 1200).replace(/^/gm, '    '))
    }
  })
)
if (asDocs) printDocs(tests)
const wrong = tests.filter((test) => test.works === fails.has(test.name))
for (const test of wrong) console.error(`${test.name}: ${test.works ? 'works, take it out of tests/npm/fails' : 'does not work'}`)
console.log(`test-npm: ${tests.filter((test) => test.works).length} of ${tests.length} work`)
process.exit(wrong.length || !tests.length ? 1 : 0)
