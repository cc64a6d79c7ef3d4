// Deploying through the page, and what comes of it.

import assert from 'node:assert/strict'
import test from 'node:test'
import {
  answering, call, deploy, editor, logIn, openFunction, remove, until, url, withPage,
} from './support.mjs'

// A failed deploy is an answer that browsers note.
const FAILED = [/400/]
const BAD = 'const a = 1\n\nexport const handler = () => {\n  const b = !!;\n}\n'

async function answerOf(path) {
  return (await fetch(url + path)).text()
}

async function said(page, text) {
  await until(async () => (await page.locator('#said').textContent()).includes(text), text)
}

test('a function is created, changed, rolled back and removed', async () => {
  const name = 'dash-life'
  await remove(name)
  await withPage({}, async (page) => {
    await logIn(page)
    await page.getByRole('link', { name: 'New function' }).click()
    await page.getByLabel('Name', { exact: true }).fill(name)
    await editor(page).fill(answering('one'))
    await page.getByRole('button', { name: 'Deploy' }).click()
    await page.getByRole('heading', { name, exact: true }).waitFor()
    assert.equal(await answerOf('/' + name), 'one')

    await until(async () => (await editor(page).inputValue()).includes('one'), 'its source')
    await editor(page).fill(answering('two'))
    await page.getByRole('button', { name: 'Deploy' }).click()
    await said(page, 'Version 2')
    assert.equal(await answerOf('/' + name), 'two')
    await page.getByRole('button', { name: 'Send' }).click()
    await until(async () => (await page.locator('.result pre').textContent()) === 'two', 'the new answer')

    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await answerOf('/' + name), 'two')
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await said(page, 'Version 1')
    assert.equal(await answerOf('/' + name), 'one')
    await until(async () => (await editor(page).inputValue()).includes('one'), 'its source again')
    await page.getByRole('button', { name: 'Roll back' }).waitFor({ state: 'hidden' })

    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('heading', { name: 'Functions', exact: true }).waitFor()
    assert.equal((await call('GET', 'v1/functions/' + name)).status, 404)
  })
})

test('an error is reported at its line, and nothing changes', async () => {
  const name = 'dash-error'
  await deploy(name, answering('good'))
  await withPage({ expected: FAILED }, async (page) => {
    await logIn(page)
    await openFunction(page, name)
    await editor(page).fill(BAD)
    await page.getByRole('button', { name: 'Deploy' }).click()
    const place = page.locator('#deploy-error .place')
    await place.waitFor()
    assert.match(await place.textContent(), /main\.js, line 4/)
    assert.equal(await page.locator('.gutter b').textContent(), '4')
    assert.equal(await editor(page).getAttribute('aria-invalid'), 'true')
    const caret = await editor(page).evaluate((area) =>
      document.activeElement === area && area.value.slice(0, area.selectionStart).split('\n').length)
    assert.equal(caret, 4, 'the focus is at the line')
    assert.equal(await answerOf('/' + name), 'good')

    await editor(page).fill(answering('better'))
    assert.equal(await page.locator('.gutter b').count(), 0)
    await page.getByRole('button', { name: 'Deploy' }).click()
    await said(page, 'is live')
    assert.equal(await page.locator('#deploy-error').textContent(), '')
    assert.equal(await answerOf('/' + name), 'better')
  })
  await remove(name)
})

test('an error in another file opens that file', async () => {
  const name = 'dash-files'
  const main = 'import { text } from \'./lib/text.js\'\nexport const handler = () => ({ body: text })\n'
  await deploy(name, main, { files: { 'main.js': main, 'lib/text.js': 'export const text = 1\n' } })
  await withPage({ expected: FAILED }, async (page) => {
    await logIn(page)
    await openFunction(page, name)
    await page.getByRole('button', { name: 'lib/text.js' }).click()
    await editor(page).fill('export const text =\n  !!;\n')
    await page.getByRole('button', { name: 'main.js' }).click()
    await page.getByRole('button', { name: 'Deploy' }).click()
    await page.locator('#deploy-error .place').waitFor()
    assert.match(await page.locator('#deploy-error .place').textContent(), /lib\/text\.js, line 2/)
    assert.equal(await editor(page).getAttribute('aria-label'), 'Source of lib/text.js')
  })
  await remove(name)
})

test('files are added and removed, routes and environment edited', async () => {
  const name = 'dash-set'
  await deploy(name, answering('x'), { env: { A: 'one', B: 'two\nlines' } })
  await withPage({}, async (page) => {
    await logIn(page)
    await openFunction(page, name)
    await page.getByRole('button', { name: 'Add file' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').fill('../up.js')
    await dialog.getByRole('button', { name: 'OK' }).click()
    await until(async () => /can’t be/.test(await dialog.getByRole('alert').textContent()), 'refusal')
    await dialog.getByRole('textbox').fill('lib/b.js')
    await page.keyboard.press('Enter')
    await editor(page).fill('export const b = 2\n')
    await page.getByText('Routes, environment and limits').click()
    assert.equal(await page.getByLabel('Environment').inputValue(), 'A=one\nB="two\\nlines"')
    await page.getByLabel('Routes').last().fill('GET /dash/{id}')
    await page.getByLabel('Environment').fill('A=three\nB="two\\nlines"')
    const { memory } = (await call('GET', 'v1/functions/' + name)).json()
    await page.getByLabel('Memory').fill(String(memory))
    await page.getByLabel('Timeout').fill('2s')
    await page.getByRole('button', { name: 'Deploy' }).click()
    await said(page, 'Version 2')
    const document = (await call('GET', 'v1/functions/' + name + '/files')).json()
    assert.deepEqual(Object.keys(document.files).sort(), ['lib/b.js', 'main.js'])
    assert.deepEqual(document.routes, ['GET /dash/{id}'])
    assert.deepEqual(document.env, { A: 'three', B: 'two\nlines' })
    assert.equal(document.memory, memory)
    assert.equal(document.timeout, 2000)
    assert.equal(await answerOf('/dash/1'), 'x')
  })
  await remove(name)
})

test('changes survive a look elsewhere, and a deploy by others is noticed', async () => {
  const name = 'dash-draft'
  await deploy(name, answering('x'))
  await withPage({}, async (page) => {
    await logIn(page)
    await openFunction(page, name)
    await editor(page).fill(answering('mine'))
    await page.getByRole('link', { name: 'All functions' }).click()
    await page.getByRole('heading', { name: 'Functions', exact: true }).waitFor()
    await openFunction(page, name)
    await until(async () => (await editor(page).inputValue()).includes('mine'), 'the change')
    await deploy(name, answering('theirs'))
    await page.getByText('Version 2 is live now').waitFor()
    await page.getByRole('button', { name: 'Deploy' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await answerOf('/' + name), 'theirs')
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await until(async () => (await editor(page).inputValue()).includes('theirs'), 'their version')
  })
  await remove(name)
})

test('a raw event is invoked, with result, logs and cost', async () => {
  const name = 'dash-event'
  await deploy(name, 'export const handler = (event) => {\n  console.warn(\'seen\', event.path)\n' +
    '  if (event.path === \'/bad\') throw new Error(\'on purpose\')\n  return { statusCode: 201, body: { path: event.path } }\n}\n')
  await withPage({}, async (page) => {
    await logIn(page)
    await openFunction(page, name)
    await page.getByLabel('with a raw event').check()
    const event = page.getByLabel('Event', { exact: true })
    await event.fill('{')
    await page.getByRole('button', { name: 'Invoke' }).click()
    await page.getByText('the event is not JSON').waitFor()
    await event.fill('{"path": "/deep"}')
    await page.getByRole('button', { name: 'Invoke' }).click()
    const result = page.locator('.result')
    await until(async () => /201/.test(await result.textContent()), 'the status')
    const text = await result.textContent()
    assert.match(text, /"path": "\/deep"/)
    assert.match(text, /seen \/deep/)
    assert.match(text, /\d [mµ]s/)
    assert.match(text, /peak \d/)
    await event.fill('{"path": "/bad"}')
    await page.getByRole('button', { name: 'Invoke' }).click()
    await until(async () => /exception/.test(await result.textContent()), 'the failure')
    assert.match(await result.textContent(), /on purpose/)
  })
  await remove(name)
})
