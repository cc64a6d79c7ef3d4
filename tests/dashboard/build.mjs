// How the page is put together.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { url } from './support.mjs'

const root = new URL('../../', import.meta.url).pathname
const script = join(root, 'scripts/build-dashboard')

test('the page served is what its policy allows', async () => {
  const response = await fetch(url + '/_isere/')
  const page = await response.text()
  const policy = response.headers.get('content-security-policy')
  for (const [tag, directive] of [['<script type="module">', 'script-src'], ['<style>', 'style-src']]) {
    const from = page.indexOf(tag) + tag.length
    const text = page.slice(from, page.indexOf('</', from))
    const hash = createHash('sha256').update(text).digest('base64')
    assert.ok(policy.includes(directive + ' \'sha256-' + hash + '\''), directive)
  }
  assert.doesNotMatch(page, /(src|href)="(?!#|data:)/, 'no outside parts')
})

// Runs `work` with a copy of the sources and returns what the script does.
function built(change) {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'))
  try {
    cpSync(join(root, 'dashboard'), join(folder, 'src'), { recursive: true })
    change(join(folder, 'src'))
    const { status, stderr } = spawnSync(script, [join(folder, 'src'), join(folder, 'out.h')], { encoding: 'utf8' })
    return { status, stderr, text: status === 0 ? readFileSync(join(folder, 'out.h'), 'utf8') : '' }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the same sources give the same bytes', () => {
  const first = built(() => {})
  assert.equal(first.status, 0, first.stderr)
  assert.equal(built(() => {}).text, first.text)
})

test('what can’t be joined is refused, with its place', () => {
  const append = (name, text) => (folder) => {
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8') + text)
  }
  const cases = [
    [append('theme.js', 'const state = 1\n'), /: state is also at .*state\.js:/],
    [append('theme.js', 'const t = `a\nb`\n'), /theme\.js:\d+: a template literal goes on/],
    [append('theme.js', 'import x from "elsewhere"\n'), /theme\.js:\d+: not an import/],
    [append('theme.js', 'import { x } from \'./nowhere.js\'\n'), /nowhere\.js is missing/],
    [append('style.css', 'a { content: "</style>" }\n'), /a tag ends too early/],
    [append('style.css', '/* ' + 'x'.repeat(10) + '\n*/\n' + Array.from({ length: 9000 }, (_, i) => '#a' + (i * 7919) % 99991 + '{top:' + (i * 104729) % 99991 + 'px}').join('\n')), /more than 40960/],
  ]
  for (const [change, expected] of cases) {
    const { status, stderr } = built(change)
    assert.notEqual(status, 0, String(expected))
    assert.match(stderr, expected)
  }
})

test('the script can be run by any POSIX shell', () => {
  execFileSync('sh', ['-n', script])
})
