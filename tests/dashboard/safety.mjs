// Text that would like to be markup or script: wherever it comes from, it is
// shown as it is.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, deploy, editor, logIn, openFunction, remove, until, url, withPage } from './support.mjs'

const EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>"\'>'

async function unharmed(page) {
  const found = await page.evaluate(() => ({
    hit: window.hit, elements: document.querySelectorAll('img, main script, iframe, object').length,
  }))
  assert.deepEqual(found, { hit: undefined, elements: 0 })
}

test('what a function says is text', async () => {
  const name = 'dash-evil'
  const source = 'const evil = ' + JSON.stringify(EVIL) + '\nexport const handler = ({ path }) => {\n' +
    '  console.log(evil)\n  if (path === \'/throw\') throw new Error(evil)\n' +
    '  return { headers: { \'Content-Type\': \'text/html\', \'X-Evil\': evil }, body: evil }\n}\n'
  await deploy(name, source, { env: { EVIL } })
  await withPage({}, async (page) => {
    await logIn(page)
    await fetch(url + '/' + name)
    await page.locator('.log .message', { hasText: 'onerror' }).first().waitFor()
    await unharmed(page)
    await openFunction(page, name)
    await page.getByRole('button', { name: 'Send' }).click()
    await until(async () => (await page.locator('.result pre').textContent()) === EVIL, 'the answer')
    await page.getByLabel('with a raw event').check()
    await page.getByLabel('Event', { exact: true }).fill('{"path": "/throw"}')
    await page.getByRole('button', { name: 'Invoke' }).click()
    await until(async () => (await page.locator('.result .error').textContent()).includes(EVIL), 'the failure')
    await unharmed(page)
  })
  await remove(name)
})

test('what a server says is text', async () => {
  const info = {
    name: EVIL, version: EVIL, previous: EVIL, status: EVIL, message: EVIL, sha256: EVIL, bytes: 1,
    routes: ['GET /' + EVIL], main: EVIL, memory: 1, timeout: 1, payload: EVIL, env: [EVIL],
  }
  const files = { main: EVIL, files: { [EVIL]: EVIL, 'javascript:x': EVIL }, routes: [EVIL], env: { [EVIL]: EVIL } }
  const failure = { message: EVIL, file: EVIL, line: 1, column: 1, stack: EVIL }
  const metrics = 'isere_requests_total{function="<img src=x onerror=window.hit=1>"} 1\n' +
    'isere_errors_total{function="x",kind="<img src=x onerror=window.hit=1>"} 1\n' +
    'isere_info{version="<img src=x onerror=window.hit=1>"} 1\n'
  await withPage({ expected: [/400/] }, async (page) => {
    const json = (body, status = 200) => (route) => route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) })
    await page.route('**/_isere/metrics', (route) => route.fulfill({ body: metrics }))
    await page.route('**/_isere/v1/functions', json({ functions: [info, { ...info, name: 'tame' }] }))
    await page.route('**/_isere/v1/functions/**', (route) => {
      if (route.request().method() !== 'GET') {
        return json(failure, 400)(route)
      }
      return json(/files$/.test(route.request().url()) ? files : info)(route)
    })
    await logIn(page)
    await page.locator('tbody a', { hasText: 'onerror' }).waitFor()
    await unharmed(page)
    await page.locator('tbody a', { hasText: 'tame' }).click()
    await until(async () => (await editor(page).inputValue()) === EVIL, 'the source')
    await page.getByText('Routes, environment and limits').click()
    await page.getByRole('button', { name: 'Deploy' }).click()
    await page.locator('#deploy-error', { hasText: 'onerror' }).waitFor()
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('dialog').waitFor()
    await unharmed(page)
  })
})

test('what the address says is text', async () => {
  await withPage({ expected: [/40[04]/] }, async (page) => {
    await logIn(page)
    await page.route('**/_isere/v1/functions/*', (route) => route.fulfill({ status: 200, body: '{}' }))
    for (const hash of ['#/f/' + encodeURIComponent(EVIL), '#/f/%', '#/f/..%2f..', '#' + EVIL]) {
      await page.evaluate((text) => { location.hash = text }, hash)
      await page.locator('h1').waitFor()
      await unharmed(page)
    }
  })
})

test('the policy stops script that gets in all the same', async () => {
  await withPage({ expected: [/Content Security Policy|TrustedHTML|trusted/i] }, async (page) => {
    await logIn(page)
    const thrown = await page.evaluate(() => {
      const script = document.createElement('script')
      try {
        script.textContent = 'window.hit = 1'
        document.body.append(script)
      } catch {
        // Trusted Types refuse it before the policy for scripts does.
      }
      try {
        document.body.innerHTML = '<b>x</b>'
        return false
      } catch {
        return true
      }
    })
    assert.ok(thrown, 'markup from text is refused')
    assert.equal(await page.evaluate(() => window.hit), undefined)
  })
})

test('requests without the token get nothing but the page', async () => {
  assert.equal((await fetch(url + '/_isere/v1/functions')).status, 401)
  assert.equal((await fetch(url + '/_isere/metrics')).status, 401)
  assert.equal((await call('GET', 'v1/functions')).status, 200)
})
