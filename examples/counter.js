/*
 * A page that counts by itself, without reloading: it asks for the next value,
 * and the answer comes when there is one (long polling). What EventSource does
 * with one endless answer takes many short ones here, which any proxy lets
 * through.
 *
 *     isere deploy examples/counter.js --to URL \
 *         --route 'GET /counter' --route 'GET /counter/next'
 *
 * A function keeps nothing between two requests, so the count is not kept
 * either: the page has the time at which it began to count, and the function
 * works out how many seconds that is.
 *
 * A request that waits for a timer computes nothing and holds up nobody, but it
 * has an instance to itself. Where there are two, as on a Pico 2, two open
 * pages use both, and other requests wait until a second is over.
 */

const STEP = 1000 /* ms between two values */
const LONGEST = 2000 /* ms that an answer takes, below the time limit */

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Counter</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1.2em system-ui, sans-serif }
  body { margin: 4em auto; text-align: center }
  output { font-size: 4em; font-variant-numeric: tabular-nums }
</style>
<h1>Seconds since you came</h1>
<output aria-live="off">0</output>
<p id="state">connecting</p>
<script type="module">
  const output = document.querySelector('output')
  const state = document.querySelector('#state')
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  let query = ''

  const next = async () => {
    const answer = await fetch('/counter/next' + query, { cache: 'no-store' })
    if (!answer.ok) throw new Error('status ' + answer.status)
    const { since, count } = await answer.json()
    query = '?since=' + since + '&after=' + count
    output.value = count
    state.textContent = 'connected'
  }

  /* A page that nobody looks at asks for nothing. */
  const isSeen = () => document.hidden
    ? new Promise((resolve) =>
        document.addEventListener('visibilitychange', resolve, { once: true }))
    : undefined

  for (;;) {
    await isSeen()
    try {
      await next()
    } catch (error) {
      state.textContent = 'trying again: ' + error.message
      await pause(2000)
    }
  }
</script>
`

const showPage = () => ({
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: page,
})

const count = (since) => Math.floor((Date.now() - since) / STEP)

const isTime = (text) => /^\d{1,15}$/.test(text)
const isCount = (text) => /^(-1|\d{1,12})$/.test(text)

const showNext = async ({ queryStringParameters: query }) => {
  const { since = String(Date.now()), after = '-1' } = query ?? {}
  if (!isTime(since) || Number(since) > Date.now() || !isCount(after)) {
    return {
      statusCode: 400,
      body: { message: 'since is a time in ms that is past, after a count' },
    }
  }
  const begun = Number(since)
  const due = begun + (Number(after) + 1) * STEP
  const wait = Math.min(due - Date.now(), LONGEST)
  if (wait > 0) {
    await new Promise((resolve) => setTimeout(resolve, wait))
  }
  return {
    headers: { 'Cache-Control': 'no-store' },
    body: { since: begun, count: count(begun) },
  }
}

export const handler = (event) =>
  event.path.startsWith('/counter/next') ? showNext(event) : showPage()
