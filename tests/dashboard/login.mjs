// The token, and what the page does with the network.

import assert from 'node:assert/strict'
import test from 'node:test'
import { answering, deploy, logIn, remove, token, until, url, withPage } from './support.mjs'

const REFUSED = [/401/]

test('a wrong token is refused, the right one is kept for the tab', async () => {
  await withPage({ expected: REFUSED }, async (page) => {
    const input = page.getByLabel('Token')
    const alert = page.getByRole('alert')
    await input.fill('abc')
    await page.keyboard.press('Enter')
    await until(async () => /64 hexadecimal digits/.test(await alert.textContent()), 'its shape')
    const wrong = (token[0] === '0' ? '1' : '0') + token.slice(1)
    await input.fill(wrong)
    await page.keyboard.press('Enter')
    await until(async () => /not the token/.test(await alert.textContent()), 'refusal')
    assert.equal(await page.evaluate(() => sessionStorage.length), 0)
    await logIn(page)
    assert.equal(await page.evaluate(() => localStorage.length), 0)
    await page.reload()
    await page.getByRole('heading', { name: 'Functions', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Lock' }).click()
    await input.waitFor()
    assert.equal(await page.evaluate(() => sessionStorage.length), 0)
  })
})

test('a token that is not accepted any more is asked for again', async () => {
  await withPage({ expected: REFUSED }, async (page) => {
    await logIn(page)
    await page.evaluate(() => sessionStorage.setItem('isere.token', '0'.repeat(64)))
    await page.getByText('does not accept the token any more').waitFor()
    await logIn(page)
  })
})

test('the page is small, compressed, and its policy strict', async () => {
  const response = await fetch(url + '/_isere/')
  assert.equal(response.status, 200)
  const policy = response.headers.get('content-security-policy')
  assert.match(policy, /default-src 'none'; script-src 'sha256-/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.match(response.headers.get('content-type'), /^text\/html; *charset=utf-8$/i)
  assert.equal(response.headers.get('content-encoding'), 'gzip')
  assert.ok(Number(response.headers.get('content-length')) < 40 * 1024)
})

test('a server that does not answer is told, and comes back', async () => {
  await withPage({ expected: [/ERR_FAILED/] }, async (page) => {
    await logIn(page)
    await page.route('**/_isere/metrics', (route) => route.abort())
    await page.getByText('No connection').waitFor()
    await page.unroute('**/_isere/metrics')
    await until(async () => !await page.getByText('No connection').isVisible(), 'back')
  })
})

// A device has few connections.
test('at most two requests at a time, none twice, none while hidden', async () => {
  const name = 'dash-net'
  await deploy(name, answering('x'))
  await withPage({}, async (page) => {
    const open = new Set()
    let most = 0
    let twice = 0
    let polls = 0
    page.on('request', (request) => {
      if (/\/v1\/logs/.test(request.url())) {
        return
      }
      if (/metrics$/.test(request.url())) {
        polls += 1
        twice += [...open].some((other) => other.url() === request.url()) ? 1 : 0
      }
      open.add(request)
      most = Math.max(most, open.size)
    })
    page.on('requestfinished', (request) => open.delete(request))
    page.on('requestfailed', (request) => open.delete(request))
    await logIn(page)
    await page.route('**/_isere/metrics', async (route) => {
      await new Promise((resolve) => { setTimeout(resolve, 2500) })
      await route.continue().catch(() => {})
    })
    await page.locator('tbody a', { hasText: name }).click()
    for (let i = 0; i < 4; i += 1) {
      await page.getByRole('button', { name: 'Send' }).click()
      await page.locator('.result .status').waitFor()
    }
    await until(() => polls >= 3, 'polls')
    assert.ok(most <= 2, 'at the same time: ' + most)
    assert.equal(twice, 0)

    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await until(() => open.size === 0, 'the last answers')
    const before = polls
    await page.waitForTimeout(5000)
    assert.equal(polls, before)
  })
  await remove(name)
})
