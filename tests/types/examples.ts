// An example of every global, checked by tsc against types/isere.d.ts and run in
// isère: each is true. The handler says which failed, and which globals there are
// that no example is of.

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
const letters = () => new ReadableStream<string>({
  start(controller) {
    controller.enqueue('a')
    controller.enqueue('b')
    controller.close()
  },
})
const bytes = () => new ReadableStream({
  type: 'bytes',
  start(controller) {
    controller.enqueue(new Uint8Array([1, 2]))
    controller.close()
  },
})
const collect = async <T>(stream: ReadableStream<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const chunk of stream) all.push(chunk)
  return all
}

const examples: Record<string, () => boolean | Promise<boolean>> = {
  AbortController() {
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    return controller.signal.aborted && controller.signal.reason.message === 'enough'
  },
  AbortSignal() {
    const signal = AbortSignal.any([AbortSignal.abort('a'), AbortSignal.timeout(1000)])
    return signal.reason === 'a'
  },
  async Blob() {
    const blob = new Blob(['ab', new Uint8Array([99])], { type: 'text/plain' })
    return blob.size === 3 && (await blob.slice(1).text()) === 'bc'
  },
  ByteLengthQueuingStrategy: () =>
    new ByteLengthQueuingStrategy({ highWaterMark: 5 }).size(new Uint8Array(3)) === 3,
  async CompressionStream() {
    const packed = bytes().pipeThrough(new CompressionStream('gzip'))
    return (await collect(packed))[0]?.[0] === 0x1f
  },
  CountQueuingStrategy: () => new CountQueuingStrategy({ highWaterMark: 5 }).size() === 1,
  CustomEvent() {
    const event = new CustomEvent('saved', { detail: { id: 7 } })
    return event.detail?.id === 7
  },
  DOMException: () => new DOMException('no', 'AbortError').code === 20,
  async DecompressionStream() {
    const packed = bytes().pipeThrough(new CompressionStream('deflate'))
    const all = await collect(packed.pipeThrough(new DecompressionStream('deflate')))
    return all.flatMap((chunk) => [...chunk]).join() === '1,2'
  },
  ErrorEvent: () => new ErrorEvent('error', { message: 'no', lineno: 3 }).lineno === 3,
  Event: () => new Event('open', { cancelable: true }).cancelable,
  EventTarget() {
    const target = new EventTarget()
    let seen = ''
    target.addEventListener('open', (event: Event) => { seen = event.type }, { once: true })
    return target.dispatchEvent(new Event('open')) && seen === 'open'
  },
  async File() {
    const file = new File(['abc'], 'a.txt', { type: 'text/plain', lastModified: 5 })
    return file.name === 'a.txt' && file.lastModified === 5 && (await file.bytes()).length === 3
  },
  FormData() {
    const form = new FormData()
    form.append('name', 'Ada')
    form.append('file', new Blob(['abc']), 'a.txt')
    const file = form.get('file')
    return form.get('name') === 'Ada' && file instanceof File && file.name === 'a.txt'
  },
  Headers() {
    const headers = new Headers({ 'Content-Type': 'text/plain' })
    headers.append('Set-Cookie', 'a=1')
    return headers.get('content-type') === 'text/plain' && headers.getSetCookie()[0] === 'a=1'
  },
  async MessageChannel() {
    const { port1, port2 } = new MessageChannel()
    const got = new Promise((resolve) => { port2.onmessage = (event) => resolve(event.data.x) })
    port1.postMessage({ x: 5 })
    return (await got) === 5
  },
  MessageEvent: () => new MessageEvent('message', { data: 5 }).data === 5,
  MessagePort: () => new MessageChannel().port1 instanceof MessagePort,
  Navigator: () => navigator instanceof Navigator,
  PromiseRejectionEvent: () =>
    new PromiseRejectionEvent('unhandledrejection', { promise: Promise.resolve(), reason: 5 }).reason === 5,
  async ReadableByteStreamController() {
    let seen: ReadableByteStreamController | null = null
    void new ReadableStream({ type: 'bytes', start(controller) { seen = controller } })
    return typeof seen!['enqueue'] === 'function'
  },
  ReadableStream: async () => (await collect(letters())).join('') === 'ab',
  async ReadableStreamBYOBReader() {
    const reader = new ReadableStreamBYOBReader(bytes())
    const { value } = await reader.read(new Uint8Array(2))
    return value?.[1] === 2
  },
  async ReadableStreamBYOBRequest() {
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        const request = controller.byobRequest
        if (!request?.view) throw new Error('there is no request')
        request.view[0] = 7
        request.respond(1)
      },
    })
    const { value } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(1))
    return value?.[0] === 7
  },
  async ReadableStreamDefaultController() {
    let size: number | null = null
    void new ReadableStream({ start(controller: ReadableStreamDefaultController<string>) { size = controller.desiredSize } })
    return size === 1
  },
  async ReadableStreamDefaultReader() {
    const reader = new ReadableStreamDefaultReader(letters())
    const first = await reader.read()
    return !first.done && first.value === 'a'
  },
  async Request() {
    const request = new Request('http://a.example/b?c=d', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"x":5}',
    })
    return new URL(request.url).searchParams.get('c') === 'd' && (await request.clone().json()).x === 5
  },
  async Response() {
    const response = Response.json({ x: 5 }, { status: 201 })
    return response.ok && response.status === 201 && (await response.text()) === '{"x":5}'
  },
  TextDecoder: () => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xc3, 0xa9])) === 'é',
  async TextDecoderStream() {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array([0xc3]))
        controller.enqueue(new Uint8Array([0xa9]))
        controller.close()
      },
    })
    return (await collect(stream.pipeThrough(new TextDecoderStream()))).join('') === 'é'
  },
  TextEncoder: () => new TextEncoder().encode('é').length === 2,
  TextEncoderStream: async () =>
    (await collect(letters().pipeThrough(new TextEncoderStream())))[1]?.[0] === 98,
  async TransformStream() {
    const upper = new TransformStream<string, string>({
      transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()) },
    })
    return (await collect(letters().pipeThrough(upper))).join('') === 'AB'
  },
  async TransformStreamDefaultController() {
    const first = new TransformStream<string, string>({
      transform(chunk, controller: TransformStreamDefaultController<string>) {
        controller.enqueue(chunk)
        controller.terminate()
      },
    })
    return (await letters().pipeThrough(first).getReader().read()).value === 'a'
  },
  URL: () => new URL('../c?x=1', 'http://a.example/b/').pathname === '/c' && URL.canParse('http://a'),
  URLPattern: () =>
    new URLPattern({ pathname: '/pets/:id' }).exec('http://a.example/pets/7')?.pathname.groups['id'] === '7',
  URLSearchParams: () => new URLSearchParams({ a: '1' }).toString() === 'a=1',
  async WritableStream() {
    let all = ''
    await letters().pipeTo(new WritableStream<string>({ write(chunk) { all += chunk } }))
    return all === 'ab'
  },
  async WritableStreamDefaultController() {
    let aborted: boolean | null = null
    void new WritableStream({ start(controller) { aborted = controller.signal.aborted } })
    return aborted === false
  },
  async WritableStreamDefaultWriter() {
    let all = ''
    const writer = new WritableStreamDefaultWriter(new WritableStream<string>({ write(chunk) { all += chunk } }))
    await writer.write('a')
    await writer.close()
    return all === 'a'
  },
  atob: () => atob('YQ==') === 'a',
  btoa: () => btoa('a') === 'YQ==',
  async clearInterval() {
    const timer = setInterval(() => { throw new Error('it was cleared') }, 1)
    clearInterval(timer)
    await pause(3)
    return true
  },
  async clearTimeout() {
    clearTimeout(setTimeout(() => { throw new Error('it was cleared') }, 1))
    await pause(3)
    return true
  },
  console() {
    console.log('%s has %d', 'it', 5, { a: [1] })
    console.group('a group')
    console.table([{ a: 1 }], ['a'])
    console.groupEnd()
    return true
  },
  crypto: () => crypto.randomUUID().length === 36 && crypto.getRandomValues(new Uint8Array(8)).length === 8,
  navigator: () => navigator.userAgent.startsWith('isere'),
  performance: () => performance.now() >= 0 && performance.timeOrigin > 0,
  process: () => process.env['NODE_ENV'] === 'production',
  async queueMicrotask() {
    let ran = false
    queueMicrotask(() => { ran = true })
    await null
    return ran
  },
  reportError() {
    reportError(new Error('an example of reportError'))
    return true
  },
  self: () => self === globalThis,
  async setInterval() {
    return (await new Promise<number>((resolve) => {
      let count = 0
      const timer = setInterval((by: number) => {
        count += by
        if (count >= 4) { clearInterval(timer); resolve(count) }
      }, 1, 2)
    })) === 4
  },
  async setTimeout() {
    const timer = setTimeout(() => {}, 60_000).unref()
    const held = timer.hasRef()
    clearTimeout(+timer)
    return !held
  },
  structuredClone() {
    const one = { when: new Date(0), map: new Map([[1, 'a']]) }
    const other = structuredClone(one)
    return other !== one && other.map.get(1) === 'a' && other.when.getTime() === 0
  },
}

// Of ECMAScript: not isère's.
const language = new Set(('AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView ' +
  'Date Error EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array ' +
  'Int8Array InternalError JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp ' +
  'Set SharedArrayBuffer String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array ' +
  'Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval ' +
  'globalThis isFinite isNaN parseFloat parseInt undefined unescape').split(' '))

export const handler: Isere.Handler = async () => {
  const failed: string[] = []
  for (const [name, example] of Object.entries(examples)) {
    try {
      if (!(await example())) failed.push(name)
    } catch (error) {
      failed.push(`${name}: ${error}`)
    }
  }
  const without = Object.getOwnPropertyNames(globalThis)
    .filter((name) => !language.has(name) && !Object.hasOwn(examples, name))
  const gone = Object.keys(examples).filter((name) => !(name in globalThis))
  return { body: { failed, without, gone, count: Object.keys(examples).length } }
}
