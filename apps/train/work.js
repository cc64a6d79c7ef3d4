// Work: waiting for something, computing, taking text and bytes apart.
const words = 'the quick brown fox jumps over the lazy dog'.split(' ')

class Counter {
  #counts = {}
  add (word) { this.#counts[word] = (this.#counts[word] ?? 0) + 1 }
  get top () {
    return Object.entries(this.#counts).sort((a, b) => b[1] - a[1])[0]
  }
}

const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2)

export function handler (event, context, done) {
  const counter = new Counter()
  for (let i = 0; i < 60; i++) counter.add(words[(i * 7) % words.length])
  const bytes = new TextEncoder().encode(event.path.repeat(3))
  let sum = 0
  for (const b of bytes) sum = (sum * 31 + b) % 65521
  setTimeout(async () => {
    const [a, b] = await Promise.all([fib(8), Promise.resolve(sum)])
    try {
      if (a > 1000) throw new RangeError('too much')
    } finally {
      done(null, { headers: { 'content-type': 'text/plain' },
        body: `${a} ${b} ${counter.top} ${btoa(event.path)}` })
    }
  }, 1)
}
