// That everybody can use it: keyboard, screen reader, small screens, both themes.

import assert from 'node:assert/strict'
import test from 'node:test'
import {
  accessibilityFaults, answering, deploy, editor, logIn, openFunction, remove, token, until, url, withAxe, withPage,
} from './support.mjs'

const name = 'dash-people'
const LONG = '/* ' + 'long '.repeat(60) + '*/\n'

async function prepared(work) {
  await deploy(name, LONG + answering('x'.repeat(300)), { routes: ['GET /' + 'deep-'.repeat(30) + '/{id}'] })
  try {
    await work()
  } finally {
    await remove(name)
  }
}

// Every view, one after the other.
async function eachView(page, check) {
  await check('token')
  await logIn(page)
  await page.getByRole('link', { name }).waitFor()
  await check('overview')
  await page.getByRole('link', { name: 'New function' }).click()
  await editor(page).waitFor()
  await check('new')
  await openFunction(page, name)
  await page.getByText('Routes, environment and limits').click()
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('.result .status').waitFor()
  await check('function')
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await check('dialog')
  await page.keyboard.press('Escape')
}

test('axe finds nothing serious, in both themes', async () => {
  await prepared(async () => {
    for (const colorScheme of ['light', 'dark']) {
      await withPage({ colorScheme }, async (page) => {
        await withAxe(page)
        await page.reload()
        await eachView(page, async (view) => {
          assert.deepEqual(await accessibilityFaults(page), [], view + ', ' + colorScheme)
        })
      })
    }
  })
})

test('nothing scrolls sideways on a phone', async () => {
  await prepared(async () => {
    for (const width of [375, 320]) {
      await withPage({ viewport: { width, height: 700 }, hasTouch: true, isMobile: true }, async (page) => {
        await eachView(page, async (view) => {
          const needed = await page.evaluate(() => document.documentElement.scrollWidth)
          assert.ok(needed <= width, view + ': ' + needed)
        })
      })
    }
  })
})

test('the theme follows the system, or the choice', async () => {
  await withPage({ colorScheme: 'dark' }, async (page) => {
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const dark = await back()
    const toggle = page.getByRole('button', { name: /^Theme/ })
    await toggle.click()
    const light = await back()
    assert.notEqual(light, dark)
    await page.reload()
    assert.equal(await back(), light)
    await toggle.click()
    assert.equal(await back(), dark)
  })
})

// Presses Tab until the focus is on what `selector` names; never more often than
// there are things to stop at.
async function tabTo(page, selector) {
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press('Tab')
    if (await page.evaluate((s) => document.activeElement.matches(s), selector)) {
      return
    }
  }
  assert.fail('Tab does not reach ' + selector)
}

test('all the way through a deploy with the keyboard alone', async () => {
  await prepared(async () => {
    await withPage({}, async (page) => {
      await until(() => page.evaluate(() => document.activeElement.matches('input[type=password]')), 'focus')
      await page.keyboard.type(token)
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name }).waitFor()
      await tabTo(page, 'a[href="#/f/' + name + '"]')
      await page.keyboard.press('Enter')
      await editor(page).waitFor()
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1')
      await tabTo(page, '.editor textarea')

      await page.keyboard.press('Control+A')
      await page.keyboard.type('export const handler = () => {\nconst text = \'typed\'')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.type('return { body: text }')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.type('}')
      assert.equal(await editor(page).inputValue(),
        'export const handler = () => {\n  const text = \'typed\'\n  return { body: text }\n}')

      // Tab stays in the text, but Escape lets it out, and back again.
      await page.keyboard.press('Escape')
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Deploy')
      await page.keyboard.press('Enter')
      await until(async () => /Version 2/.test(await page.locator('#said').textContent()), 'deployed')
      await tabTo(page, '.try .primary')
      await page.keyboard.press('Enter')
      await until(async () => (await page.locator('.result pre').textContent()) === 'typed', 'the answer')

      await page.getByRole('button', { name: 'Roll back' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Roll back', 'the focus goes back')
      assert.equal(await (await fetch(url + '/' + 'deep-'.repeat(30) + '/1')).text(), 'typed')
    })
  })
})
