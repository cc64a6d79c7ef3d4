// What the page shows of a server at work: figures and logs.

import assert from 'node:assert/strict'
import test from 'node:test'
import { answering, call, deploy, logIn, openFunction, remove, until, url, withPage } from './support.mjs'
import { History, parseMetrics, quantile, summarise } from '../../dashboard/metrics.js'
import { niceCeiling } from '../../dashboard/plot.js'

const LOUD = 'export const handler = ({ path }) => {\n  console.warn(\'quiet \' + path)\n' +
  '  console.error(\'loud \' + path)\n  return { body: \'x\' }\n}\n'

test('quantiles and rates come from what was added', () => {
  const before = new Map([[0.1, 5], [1, 5], [Infinity, 5]])
  const after = new Map([[0.1, 15], [1, 25], [Infinity, 25]])
  assert.equal(quantile(before, after, 0.25), 0.05)
  assert.equal(quantile(before, after, 0.75), 0.55)
  assert.equal(quantile(after, after, 0.5), null)
  const beyond = new Map([[0.1, 15], [1, 25], [Infinity, 75]])
  assert.equal(quantile(after, beyond, 0.5), 1)

  const text = (n) => '# HELP isere_requests_total x\n' +
    'isere_requests_total{function="a"} ' + n + '\n' +
    'isere_errors_total{function="a",kind="time\\"out"} ' + n / 2 + '\n' +
    'isere_info{version="1.2.3"} 1\n'
  const history = new History(10)
  history.push(summarise(parseMetrics(text(10)), 0))
  history.push(summarise(parseMetrics(text(30)), 2000))
  assert.equal(history.of('a')[0].requests, null)
  assert.equal(history.of('a')[1].requests, 10)
  assert.deepEqual(history.of('a')[1].errors, { 'time"out': 5 })
  assert.equal(history.of('')[1].requests, 10)
  assert.equal(history.last.process.version, '1.2.3')
  history.push(summarise(parseMetrics(text(4)), 4000))
  assert.equal(history.of('a')[2].requests, null, 'a restart is no negative rate')
  history.push(summarise(parseMetrics(text(4)), 60000))
  assert.equal(history.of('a').length, 1, 'old points go')
  assert.deepEqual([0, 0.3, 1, 7, 20, 21].map(niceCeiling), [1, 0.5, 1, 10, 20, 50])
})

test('requests are counted live', async () => {
  const name = 'dash-live'
  await deploy(name, answering('x'))
  await withPage({}, async (page) => {
    await logIn(page)
    const row = page.getByRole('row', { name })
    await row.waitFor()
    let stop = false
    const load = (async () => {
      while (!stop) {
        await (await fetch(url + '/' + name)).text()
      }
    })()
    await until(async () => parseFloat((await row.locator('td').nth(2).textContent()).replace(',', '')) > 1, 'a rate')
    await until(async () => /ms|µs| s/.test(await row.locator('td').nth(3).textContent()), 'a latency')
    assert.match(await row.locator('td').nth(5).textContent(), /\d.* of \d/)
    await openFunction(page, name)
    const line = page.locator('.plot .line').first()
    await until(async () => /M.*L/.test(await line.getAttribute('d')), 'a line in the plot')
    await page.getByText(/Since the start: [\d,]+ requests/).waitFor()
    stop = true
    await load
  })
  await remove(name)
})

test('logs come live and are filtered by text, level and function', async () => {
  const names = ['dash-log-a', 'dash-log-b']
  for (const name of names) {
    await deploy(name, LOUD)
  }
  await withPage({}, async (page) => {
    await logIn(page)
    const lines = page.locator('.log li')
    const texts = () => lines.locator('.message').allTextContents()
    const ask = (name, path) => fetch(url + '/' + name + path)
    await ask(names[0], '/one')
    await ask(names[1], '/two')
    await until(async () => (await texts()).includes('loud /dash-log-b/two'), 'live lines')
    assert.ok((await texts()).includes('quiet /dash-log-a/one'))

    await page.getByLabel('Contains').fill('A/ONE')
    await until(async () => (await texts()).every((text) => text.endsWith('dash-log-a/one')), 'by text')
    await page.getByLabel('Contains').fill('')
    await page.getByLabel('Level').selectOption('error')
    await until(async () => {
      const shown = await texts()
      return shown.length > 0 && shown.every((text) => !text.startsWith('quiet'))
    }, 'by level')
    await page.getByLabel('Function', { exact: true }).selectOption(names[1])
    await until(async () => {
      const shown = await texts()
      return shown.includes('loud /dash-log-b/two') && !shown.includes('loud /dash-log-a/one')
    }, 'by function')

    const pause = page.getByRole('button', { name: 'Pause' })
    await page.getByText('live', { exact: true }).waitFor()
    await pause.click()
    await ask(names[1], '/three')
    await until(async () => /1 waiting/.test(await pause.textContent()), 'held back')
    assert.ok(!(await texts()).includes('loud /dash-log-b/three'))
    await pause.click()
    await until(async () => (await texts()).includes('loud /dash-log-b/three'), 'let go')
  })
  for (const name of names) {
    await remove(name)
  }
})

test('a broken stream is taken up again without lines twice; lost lines are told', async () => {
  const line = (seq) => JSON.stringify({
    seq, time: '2026-11-27T18:00:00.' + String(seq).padStart(3, '0') + 'Z', level: 'info', message: 'line ' + seq,
  }) + '\n'
  const bodies = [line(1) + line(2), line(1) + line(2) + '{"lost":12}\n' + line(15)]
  await withPage({}, async (page) => {
    await page.route('**/_isere/v1/logs?*', async (route) => {
      const body = bodies.shift()
      if (body) {
        await route.fulfill({ contentType: 'application/x-ndjson', body })
      } else {
        await new Promise((resolve) => { setTimeout(resolve, 3000) })
        await route.fulfill({ body: '' }).catch(() => {})
      }
    })
    await logIn(page)
    const lines = page.locator('.log li')
    await until(async () => await lines.count() === 4, 'four rows')
    assert.match((await lines.allTextContents()).join('|'), /line 1\|.*line 2\|12 lines lost.*\|.*line 15/)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })
})

test('the list follows deploys by others', async () => {
  const name = 'dash-other'
  await remove(name)
  await withPage({}, async (page) => {
    await logIn(page)
    await deploy(name, answering('x'))
    await page.getByRole('link', { name }).waitFor()
    await call('DELETE', 'v1/functions/' + name)
    await page.getByRole('link', { name }).waitFor({ state: 'detached', timeout: 40000 })
  })
})
