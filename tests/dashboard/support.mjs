// The browser, and the admin API as the tests use it beside the page.
//
//   ISERE_URL     http://HOST:PORT of the server
//   ISERE_TOKEN   its token
//   ISERE_NPM     where fetch.sh put the packages
//   CHROMIUM      the browser; default: Debian's

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export const url = process.env.ISERE_URL
export const token = process.env.ISERE_TOKEN
const npm = process.env.ISERE_NPM
assert.ok(url && token && npm, 'ISERE_URL, ISERE_TOKEN and ISERE_NPM are needed')

const { chromium } = createRequire(join(npm, 'x.js'))('playwright-core')
const axe = readFileSync(join(npm, 'node_modules/axe-core/axe.min.js'), 'utf8')

let browser

export async function launch() {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    // Root has no sandbox, as in CI.
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  })
}

export function quit() {
  return browser.close()
}

// A call of the admin API, without the page.
export async function call(method, path, body) {
  const response = await fetch(url + '/_isere/' + path, {
    method,
    headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, json: () => JSON.parse(text) }
}

export async function deploy(name, source, more) {
  const files = { 'main.js': source }
  const { status, text } = await call('PUT', 'v1/functions/' + name, { main: 'main.js', files, ...more })
  assert.ok(status === 200 || status === 201, 'deploy of ' + name + ': ' + status + ' ' + text)
}

export function remove(name) {
  return call('DELETE', 'v1/functions/' + name)
}

// A handler that answers with a text.
export function answering(text) {
  return 'export const handler = () => ({ body: ' + JSON.stringify(text) + ' })\n'
}

// Opens the page in a profile of its own and hands it to `work`; afterwards
// there must have been no complaint in its console but those in `expected`, and
// no request to elsewhere.
export async function withPage(options, work) {
  const { expected = [], ...rest } = options
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...rest })
  const page = await context.newPage()
  const complaints = []
  const elsewhere = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(message.text())
    }
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== url) {
      elsewhere.push(request.url())
    }
  })
  page.setDefaultTimeout(20000)
  try {
    await page.goto(url + '/_isere/')
    await work(page)
  } finally {
    await context.close()
  }
  const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)))
  assert.deepEqual(unexpected, [], 'complaints in the console')
  assert.deepEqual(elsewhere, [], 'requests to elsewhere')
}

export async function logIn(page) {
  await page.getByLabel('Token').fill(token)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Functions', exact: true }).waitFor()
}

export async function openFunction(page, name) {
  await page.evaluate((hash) => { location.hash = hash }, '#/f/' + name)
  await page.getByRole('heading', { name, exact: true }).waitFor()
  await page.locator('.editor textarea').waitFor()
}

export function editor(page) {
  return page.locator('.editor textarea')
}

// Waits until `probe` gives something true.
export async function until(probe, what, seconds = 20) {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const value = await probe()
    if (value) {
      return value
    }
    assert.ok(Date.now() < end, 'waited in vain: ' + what)
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}

// What axe finds serious or worse. Its script comes in before the page's policy
// is in force.
export async function accessibilityFaults(page) {
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 5).map((node) => node.target.join(' ')).join(', '))
}

export function withAxe(page) {
  return page.addInitScript(axe)
}
