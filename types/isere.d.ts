/**
 * What handlers of isère see: events, contexts, results, and the globals. For
 * TypeScript with `"lib": ["es2023"]` and `"types": []`, without `dom`: what a
 * browser or Node has beyond this, isère does not have. docs/handler.md and
 * docs/web.md describe all of it; tests/types/examples.ts has an example of
 * every global.
 */

declare namespace Isere {
  // ---- handlers ----

  /** `export const handler: Isere.Handler = (event, context) => …` */
  type Handler<E = Event, R = Result> = (
    event: E, context: Context, done: Done,
  ) => R | Promise<R> | void | Promise<void>

  /** With `--payload 1.0`. */
  type HandlerV1 = Handler<EventV1, Result>

  /** With `--payload 2.0`. */
  type HandlerV2 = Handler<EventV2, Result>

  /** `export default { … } satisfies Isere.WebHandler` */
  interface WebHandler<E extends Env = Env> {
    fetch(request: Request, env: E, ctx: WebContext): Response | Promise<Response>
  }

  /** The function's environment variables. */
  interface Env {
    [name: string]: string | undefined
  }

  /** The third argument of `fetch`. */
  interface WebContext {
    /** The route's parameters, decoded. */
    readonly params: Record<string, string>
    /** Keeps the heap after the answer until the promise settles. */
    waitUntil(promise: Promise<unknown>): void
    /** Does nothing. */
    passThroughOnException(): void
  }

  /** The second argument of a handler. `memoryLimitInMB` is a string with
   * `--payload` 1.0 and 2.0. */
  interface Context {
    functionName: string
    functionVersion: string
    memoryLimitInMB: number | string
    /** The same as `event.requestContext.requestId`, and in the log. */
    awsRequestId: string
    /** Ignored. */
    callbackWaitsForEmptyEventLoop: boolean
    getRemainingTimeInMillis(): number
    succeed(response?: Result): void
    fail(error?: unknown): void
    done(error?: unknown, response?: Result): void
  }

  /** The third argument of a handler: `done(response)`, `done(error)`,
   * `done(null, response)`. */
  interface Done {
    (response: Result | Error): void
    (error: null | undefined, response?: Result): void
  }

  // ---- events ----

  /** `null` where there are none, as with `--payload isere` and 1.0. */
  type Values = Record<string, string> | null
  type MultiValues = Record<string, string[]> | null

  /** What JSON can say. */
  type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

  interface HttpFields {
    method: string
    path: string
    protocol: string
    sourceIp: string
    userAgent: string
  }

  /** `--payload isere`, the default. */
  interface Event {
    httpMethod: string
    method: string
    /** As sent, not decoded; never empty. */
    path: string
    /** The raw query string, without `?`. */
    query: string
    queryStringParameters: Values
    multiValueQueryStringParameters: MultiValues
    /** Of the route's `{name}` parts. */
    pathParameters: Values
    /** Names are in lower case. */
    headers: Record<string, string>
    /** `name=value`. */
    cookies: string[]
    /** The parsed value of JSON, else the text; any: what a client sends. */
    body: any
    /** The text, never parsed. */
    rawBody: string | null
    isBase64Encoded: boolean
    requestContext: {
      requestId: string
      timeEpoch: number
      routeKey: string
      http: HttpFields
    }
  }

  /** `--payload 1.0`: the event of API Gateway's REST APIs. */
  interface EventV1 {
    version: '1.0'
    resource: string
    path: string
    httpMethod: string
    /** Names are as they were sent. */
    headers: Record<string, string>
    multiValueHeaders: Record<string, string[]>
    queryStringParameters: Values
    multiValueQueryStringParameters: MultiValues
    requestContext: {
      accountId: string
      apiId: string
      authorizer: { claims: null; scopes: null }
      domainName: string
      domainPrefix: string
      extendedRequestId: string
      httpMethod: string
      identity: {
        accessKey: null
        accountId: null
        caller: null
        cognitoAuthenticationProvider: null
        cognitoAuthenticationType: null
        cognitoIdentityId: null
        cognitoIdentityPoolId: null
        principalOrgId: null
        sourceIp: string
        user: null
        userAgent: string | null
        userArn: null
      }
      path: string
      protocol: string
      requestId: string
      requestTime: string
      requestTimeEpoch: number
      resourceId: null
      resourcePath: string
      stage: string
    }
    pathParameters: Values
    stageVariables: null
    body: string | null
    isBase64Encoded: boolean
  }

  /** `--payload 2.0`: the event of API Gateway's HTTP APIs. */
  interface EventV2 {
    version: '2.0'
    routeKey: string
    /** As sent. */
    rawPath: string
    rawQueryString: string
    cookies?: string[]
    headers: Record<string, string>
    queryStringParameters?: Record<string, string>
    requestContext: {
      accountId: string
      apiId: string
      domainName: string
      domainPrefix: string
      http: HttpFields
      requestId: string
      routeKey: string
      stage: string
      time: string
      timeEpoch: number
    }
    body?: string
    pathParameters?: Record<string, string>
    isBase64Encoded: boolean
  }

  // ---- results ----

  type HeaderValue = string | number | boolean | null | undefined
  type HeaderValues = Record<string, HeaderValue | HeaderValue[]>

  /** An answer with a status, headers or a body. */
  interface Answer {
    /** From 200 to 599; 200 when it is missing. */
    statusCode?: number | null
    headers?: HeaderValues | null
    multiValueHeaders?: HeaderValues | null
    /** `Set-Cookie`, each. */
    cookies?: string[] | null
    /** A string, bytes, or what is sent as JSON. */
    body?: unknown
    isBase64Encoded?: boolean
  }

  /** An Answer, or the body itself. */
  type Result = Answer | string | number | boolean | null | unknown[] |
    (object & { statusCode?: never; headers?: never; body?: never })

  // ---- timers ----

  interface Timer {
    ref(): Timer
    unref(): Timer
    hasRef(): boolean
    refresh(): Timer
    close(): Timer
    [Symbol.toPrimitive](): number
  }
}

// ---- console, timers, the environment ----

interface Console {
  log(...values: unknown[]): void
  info(...values: unknown[]): void
  warn(...values: unknown[]): void
  error(...values: unknown[]): void
  debug(...values: unknown[]): void
  assert(condition?: boolean, ...values: unknown[]): void
  clear(): void
  count(label?: string): void
  countReset(label?: string): void
  dir(value?: unknown, options?: object): void
  dirxml(...values: unknown[]): void
  group(...values: unknown[]): void
  groupCollapsed(...values: unknown[]): void
  groupEnd(): void
  table(value?: unknown, columns?: string[]): void
  time(label?: string): void
  timeLog(label?: string, ...values: unknown[]): void
  timeEnd(label?: string): void
  trace(...values: unknown[]): void
  profile(label?: string): void
  profileEnd(label?: string): void
  timeStamp(label?: string): void
}
declare var console: Console

declare function setTimeout<T extends unknown[]>(call: (...values: T) => void, ms?: number, ...values: T): Isere.Timer
declare function setInterval<T extends unknown[]>(call: (...values: T) => void, ms?: number, ...values: T): Isere.Timer
declare function clearTimeout(timer?: Isere.Timer | number | null): void
declare function clearInterval(timer?: Isere.Timer | number | null): void
declare function queueMicrotask(call: () => void): void
declare function reportError(error: unknown): void

/** `env` is frozen; there is nothing else. */
declare var process: { readonly env: { readonly [name: string]: string | undefined } }
declare var self: typeof globalThis

interface Navigator {
  readonly userAgent: string
}
declare var Navigator: { prototype: Navigator; [Symbol.hasInstance](value: unknown): value is Navigator }
declare var navigator: Navigator

interface Performance {
  readonly timeOrigin: number
  now(): number
}
declare var performance: Performance

interface Crypto {
  getRandomValues<T extends ArrayBufferView>(array: T): T
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`
}
declare var crypto: Crypto

declare function structuredClone<T>(value: T, options?: { transfer?: (ArrayBuffer | MessagePort)[] }): T

interface ErrorConstructor {
  captureStackTrace(target: object, above?: Function): void
}

// ---- text ----

declare function atob(text: string): string
declare function btoa(text: string): string

type BufferSource = ArrayBuffer | ArrayBufferView

interface TextEncoder {
  readonly encoding: 'utf-8'
  encode(text?: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder }

interface TextDecoderOptions {
  fatal?: boolean
  ignoreBOM?: boolean
}
interface TextDecoder {
  readonly encoding: string
  readonly fatal: boolean
  readonly ignoreBOM: boolean
  decode(bytes?: BufferSource, options?: { stream?: boolean }): string
}
declare var TextDecoder: {
  prototype: TextDecoder
  /** UTF-8 and UTF-16LE. */
  new (label?: string, options?: TextDecoderOptions): TextDecoder
}

// ---- URLs ----

interface URL {
  hash: string
  host: string
  hostname: string
  href: string
  readonly origin: string
  password: string
  pathname: string
  port: string
  protocol: string
  search: string
  readonly searchParams: URLSearchParams
  username: string
  toJSON(): string
  toString(): string
}
declare var URL: {
  prototype: URL
  new (url: string | URL, base?: string | URL): URL
  canParse(url: string | URL, base?: string | URL): boolean
  parse(url: string | URL, base?: string | URL): URL | null
}

interface URLSearchParams extends Iterable<[string, string]> {
  readonly size: number
  append(name: string, value: string): void
  delete(name: string, value?: string): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string, value?: string): boolean
  set(name: string, value: string): void
  sort(): void
  toString(): string
  forEach(call: (value: string, name: string, all: URLSearchParams) => void, self?: unknown): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
}
declare var URLSearchParams: {
  prototype: URLSearchParams
  new (init?: string | URLSearchParams | Record<string, string> | Iterable<[string, string]>): URLSearchParams
}

interface URLPatternInit {
  protocol?: string
  username?: string
  password?: string
  hostname?: string
  port?: string
  pathname?: string
  search?: string
  hash?: string
  baseURL?: string
}
interface URLPatternComponentResult {
  input: string
  groups: Record<string, string | undefined>
}
interface URLPatternResult {
  inputs: (string | URLPatternInit)[]
  protocol: URLPatternComponentResult
  username: URLPatternComponentResult
  password: URLPatternComponentResult
  hostname: URLPatternComponentResult
  port: URLPatternComponentResult
  pathname: URLPatternComponentResult
  search: URLPatternComponentResult
  hash: URLPatternComponentResult
}
interface URLPattern {
  readonly protocol: string
  readonly username: string
  readonly password: string
  readonly hostname: string
  readonly port: string
  readonly pathname: string
  readonly search: string
  readonly hash: string
  readonly hasRegExpGroups: boolean
  test(input?: string | URL | URLPatternInit, base?: string): boolean
  exec(input?: string | URL | URLPatternInit, base?: string): URLPatternResult | null
}
declare var URLPattern: {
  prototype: URLPattern
  new (input: string | URLPatternInit, base: string, options?: { ignoreCase?: boolean }): URLPattern
  new (input?: string | URLPatternInit, options?: { ignoreCase?: boolean }): URLPattern
}

// ---- events ----

interface DOMException extends Error {
  readonly name: string
  readonly message: string
  readonly code: number
}
declare var DOMException: {
  prototype: DOMException
  new (message?: string, name?: string): DOMException
}

interface EventInit {
  bubbles?: boolean
  cancelable?: boolean
  composed?: boolean
}
interface Event {
  readonly type: string
  readonly target: EventTarget | null
  readonly currentTarget: EventTarget | null
  readonly bubbles: boolean
  readonly cancelable: boolean
  readonly composed: boolean
  readonly defaultPrevented: boolean
  readonly eventPhase: number
  readonly isTrusted: boolean
  readonly timeStamp: number
  composedPath(): EventTarget[]
  preventDefault(): void
  stopPropagation(): void
  stopImmediatePropagation(): void
}
declare var Event: { prototype: Event; new (type: string, init?: EventInit): Event }

interface CustomEvent<T = any> extends Event {
  readonly detail: T
}
declare var CustomEvent: {
  prototype: CustomEvent
  new <T>(type: string, init?: EventInit & { detail?: T }): CustomEvent<T>
}

interface ErrorEvent extends Event {
  readonly message: string
  readonly filename: string
  readonly lineno: number
  readonly colno: number
  readonly error: any
}
declare var ErrorEvent: {
  prototype: ErrorEvent
  new (type: string, init?: EventInit & {
    message?: string; filename?: string; lineno?: number; colno?: number; error?: unknown
  }): ErrorEvent
}

interface MessageEvent<T = any> extends Event {
  readonly data: T
  readonly origin: string
  readonly lastEventId: string
  readonly source: MessagePort | null
  readonly ports: readonly MessagePort[]
}
declare var MessageEvent: {
  prototype: MessageEvent
  new <T>(type: string, init?: EventInit & {
    data?: T; origin?: string; lastEventId?: string; source?: MessagePort | null; ports?: MessagePort[]
  }): MessageEvent<T>
}

interface PromiseRejectionEvent extends Event {
  readonly promise: Promise<any>
  readonly reason: any
}
declare var PromiseRejectionEvent: {
  prototype: PromiseRejectionEvent
  new (type: string, init: EventInit & { promise: Promise<unknown>; reason?: unknown }): PromiseRejectionEvent
}

type EventListenerLike<E extends Event = any> = ((event: E) => void) | { handleEvent(event: E): void }
interface EventTarget {
  addEventListener(type: string, listener: EventListenerLike | null, options?: boolean | {
    capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal
  }): void
  removeEventListener(type: string, listener: EventListenerLike | null, options?: boolean | { capture?: boolean }): void
  dispatchEvent(event: Event): boolean
}
declare var EventTarget: { prototype: EventTarget; new (): EventTarget }

interface AbortSignal extends EventTarget {
  readonly aborted: boolean
  readonly reason: any
  onabort: ((event: Event) => void) | null
  throwIfAborted(): void
}
declare var AbortSignal: {
  prototype: AbortSignal
  [Symbol.hasInstance](value: unknown): value is AbortSignal
  abort(reason?: unknown): AbortSignal
  any(signals: Iterable<AbortSignal>): AbortSignal
  timeout(ms: number): AbortSignal
}
interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare var AbortController: { prototype: AbortController; new (): AbortController }

interface MessagePort extends EventTarget {
  onmessage: ((event: MessageEvent) => void) | null
  onmessageerror: ((event: MessageEvent) => void) | null
  postMessage(value: unknown, transfer?: (ArrayBuffer | MessagePort)[] | { transfer?: (ArrayBuffer | MessagePort)[] }): void
  start(): void
  close(): void
}
declare var MessagePort: { prototype: MessagePort; [Symbol.hasInstance](value: unknown): value is MessagePort }
interface MessageChannel {
  readonly port1: MessagePort
  readonly port2: MessagePort
}
declare var MessageChannel: { prototype: MessageChannel; new (): MessageChannel }

// ---- bodies ----

interface BlobPropertyBag {
  type?: string
  endings?: 'transparent' | 'native'
}
interface Blob {
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  text(): Promise<string>
  slice(start?: number, end?: number, type?: string): Blob
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
}
declare var Blob: {
  prototype: Blob
  new (parts?: Iterable<BufferSource | Blob | string>, options?: BlobPropertyBag): Blob
}
interface File extends Blob {
  readonly name: string
  readonly lastModified: number
}
declare var File: {
  prototype: File
  new (parts: Iterable<BufferSource | Blob | string>, name: string, options?: BlobPropertyBag & { lastModified?: number }): File
}

type FormDataEntryValue = string | File
interface FormData extends Iterable<[string, FormDataEntryValue]> {
  append(name: string, value: string): void
  append(name: string, value: Blob, filename?: string): void
  delete(name: string): void
  get(name: string): FormDataEntryValue | null
  getAll(name: string): FormDataEntryValue[]
  has(name: string): boolean
  set(name: string, value: string): void
  set(name: string, value: Blob, filename?: string): void
  forEach(call: (value: FormDataEntryValue, name: string, all: FormData) => void, self?: unknown): void
  entries(): IterableIterator<[string, FormDataEntryValue]>
  keys(): IterableIterator<string>
  values(): IterableIterator<FormDataEntryValue>
}
declare var FormData: { prototype: FormData; new (): FormData }

type HeadersInit = Headers | Record<string, string> | Iterable<[string, string]>
interface Headers extends Iterable<[string, string]> {
  append(name: string, value: string): void
  delete(name: string): void
  get(name: string): string | null
  getSetCookie(): string[]
  has(name: string): boolean
  set(name: string, value: string): void
  forEach(call: (value: string, name: string, all: Headers) => void, self?: unknown): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
}
declare var Headers: { prototype: Headers; new (init?: HeadersInit): Headers }

type BodyInit = string | BufferSource | Blob | FormData | URLSearchParams | ReadableStream<Uint8Array>
interface Body {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null
  readonly bodyUsed: boolean
  arrayBuffer(): Promise<ArrayBuffer>
  blob(): Promise<Blob>
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  formData(): Promise<FormData>
  json(): Promise<any>
  text(): Promise<string>
}

/** The members for browsers are kept, and have no effect. */
interface RequestInit {
  method?: string
  headers?: HeadersInit
  body?: BodyInit | null
  signal?: AbortSignal | null
  duplex?: 'half'
  cache?: string
  credentials?: string
  integrity?: string
  keepalive?: boolean
  mode?: string
  redirect?: string
  referrer?: string
  referrerPolicy?: string
}
interface Request extends Body {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly signal: AbortSignal
  readonly cache: string
  readonly credentials: string
  readonly destination: string
  readonly duplex: 'half'
  readonly integrity: string
  readonly keepalive: boolean
  readonly mode: string
  readonly redirect: string
  readonly referrer: string
  readonly referrerPolicy: string
  clone(): Request
}
declare var Request: {
  prototype: Request
  /** The URL must be whole. */
  new (input: string | URL | Request, init?: RequestInit): Request
}

interface ResponseInit {
  status?: number
  statusText?: string
  headers?: HeadersInit
}
interface Response extends Body {
  readonly headers: Headers
  readonly ok: boolean
  readonly redirected: boolean
  readonly status: number
  readonly statusText: string
  readonly type: string
  readonly url: string
  clone(): Response
}
declare var Response: {
  prototype: Response
  new (body?: BodyInit | null, init?: ResponseInit): Response
  error(): Response
  json(value: unknown, init?: ResponseInit): Response
  redirect(url: string | URL, status?: number): Response
}

// ---- streams ----

interface QueuingStrategy<T = any> {
  highWaterMark?: number
  size?(chunk: T): number
}
interface ByteLengthQueuingStrategy extends QueuingStrategy<ArrayBufferView> {
  readonly highWaterMark: number
  readonly size: (chunk: ArrayBufferView) => number
}
declare var ByteLengthQueuingStrategy: {
  prototype: ByteLengthQueuingStrategy
  new (init: { highWaterMark: number }): ByteLengthQueuingStrategy
}
interface CountQueuingStrategy extends QueuingStrategy {
  readonly highWaterMark: number
  readonly size: () => 1
}
declare var CountQueuingStrategy: {
  prototype: CountQueuingStrategy
  new (init: { highWaterMark: number }): CountQueuingStrategy
}

interface UnderlyingSource<T> {
  type?: undefined
  start?(controller: ReadableStreamDefaultController<T>): unknown
  pull?(controller: ReadableStreamDefaultController<T>): void | Promise<void>
  cancel?(reason: any): void | Promise<void>
}
interface UnderlyingByteSource {
  type: 'bytes'
  autoAllocateChunkSize?: number
  start?(controller: ReadableByteStreamController): unknown
  pull?(controller: ReadableByteStreamController): void | Promise<void>
  cancel?(reason: any): void | Promise<void>
}
interface UnderlyingSink<T> {
  start?(controller: WritableStreamDefaultController): unknown
  write?(chunk: T, controller: WritableStreamDefaultController): void | Promise<void>
  close?(): void | Promise<void>
  abort?(reason: any): void | Promise<void>
}
interface Transformer<I, O> {
  start?(controller: TransformStreamDefaultController<O>): unknown
  transform?(chunk: I, controller: TransformStreamDefaultController<O>): void | Promise<void>
  flush?(controller: TransformStreamDefaultController<O>): void | Promise<void>
}
interface StreamPipeOptions {
  preventAbort?: boolean
  preventCancel?: boolean
  preventClose?: boolean
  signal?: AbortSignal
}
type ReadableStreamReadResult<T> = { done: false; value: T } | { done: true; value: T | undefined }

interface ReadableStream<T = any> extends AsyncIterable<T> {
  readonly locked: boolean
  cancel(reason?: unknown): Promise<void>
  getReader(): ReadableStreamDefaultReader<T>
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  pipeThrough<O>(through: { writable: WritableStream<T>; readable: ReadableStream<O> }, options?: StreamPipeOptions): ReadableStream<O>
  pipeTo(to: WritableStream<T>, options?: StreamPipeOptions): Promise<void>
  tee(): [ReadableStream<T>, ReadableStream<T>]
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<T>
}
declare var ReadableStream: {
  prototype: ReadableStream
  new (source: UnderlyingByteSource, strategy?: { highWaterMark?: number }): ReadableStream<Uint8Array<ArrayBuffer>>
  new <T = any>(source?: UnderlyingSource<T>, strategy?: QueuingStrategy<T>): ReadableStream<T>
  from<T>(values: Iterable<T> | AsyncIterable<T>): ReadableStream<T>
}
interface ReadableStreamDefaultReader<T = any> {
  readonly closed: Promise<void>
  cancel(reason?: unknown): Promise<void>
  read(): Promise<ReadableStreamReadResult<T>>
  releaseLock(): void
}
declare var ReadableStreamDefaultReader: {
  prototype: ReadableStreamDefaultReader
  new <T>(stream: ReadableStream<T>): ReadableStreamDefaultReader<T>
}
interface ReadableStreamBYOBReader {
  readonly closed: Promise<void>
  cancel(reason?: unknown): Promise<void>
  read<V extends ArrayBufferView>(view: V, options?: { min?: number }): Promise<ReadableStreamReadResult<V>>
  releaseLock(): void
}
declare var ReadableStreamBYOBReader: {
  prototype: ReadableStreamBYOBReader
  new (stream: ReadableStream): ReadableStreamBYOBReader
}
interface ReadableStreamBYOBRequest {
  readonly view: Uint8Array | null
  respond(bytes: number): void
  respondWithNewView(view: ArrayBufferView): void
}
declare var ReadableStreamBYOBRequest: { prototype: ReadableStreamBYOBRequest; [Symbol.hasInstance](value: unknown): value is ReadableStreamBYOBRequest }
interface ReadableStreamDefaultController<T = any> {
  readonly desiredSize: number | null
  close(): void
  enqueue(chunk: T): void
  error(reason?: unknown): void
}
declare var ReadableStreamDefaultController: { prototype: ReadableStreamDefaultController; [Symbol.hasInstance](value: unknown): value is ReadableStreamDefaultController }
interface ReadableByteStreamController {
  readonly byobRequest: ReadableStreamBYOBRequest | null
  readonly desiredSize: number | null
  close(): void
  enqueue(chunk: ArrayBufferView): void
  error(reason?: unknown): void
}
declare var ReadableByteStreamController: { prototype: ReadableByteStreamController; [Symbol.hasInstance](value: unknown): value is ReadableByteStreamController }

interface WritableStream<T = any> {
  readonly locked: boolean
  abort(reason?: unknown): Promise<void>
  close(): Promise<void>
  getWriter(): WritableStreamDefaultWriter<T>
}
declare var WritableStream: {
  prototype: WritableStream
  new <T = any>(sink?: UnderlyingSink<T>, strategy?: QueuingStrategy<T>): WritableStream<T>
}
interface WritableStreamDefaultWriter<T = any> {
  readonly closed: Promise<void>
  readonly desiredSize: number | null
  readonly ready: Promise<void>
  abort(reason?: unknown): Promise<void>
  close(): Promise<void>
  releaseLock(): void
  write(chunk?: T): Promise<void>
}
declare var WritableStreamDefaultWriter: {
  prototype: WritableStreamDefaultWriter
  new <T>(stream: WritableStream<T>): WritableStreamDefaultWriter<T>
}
interface WritableStreamDefaultController {
  readonly signal: AbortSignal
  error(reason?: unknown): void
}
declare var WritableStreamDefaultController: { prototype: WritableStreamDefaultController; [Symbol.hasInstance](value: unknown): value is WritableStreamDefaultController }

interface TransformStream<I = any, O = any> {
  readonly readable: ReadableStream<O>
  readonly writable: WritableStream<I>
}
declare var TransformStream: {
  prototype: TransformStream
  new <I = any, O = any>(transformer?: Transformer<I, O>, writable?: QueuingStrategy<I>, readable?: QueuingStrategy<O>): TransformStream<I, O>
}
interface TransformStreamDefaultController<O = any> {
  readonly desiredSize: number | null
  enqueue(chunk: O): void
  error(reason?: unknown): void
  terminate(): void
}
declare var TransformStreamDefaultController: { prototype: TransformStreamDefaultController; [Symbol.hasInstance](value: unknown): value is TransformStreamDefaultController }

interface TextEncoderStream {
  readonly encoding: 'utf-8'
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<string>
}
declare var TextEncoderStream: { prototype: TextEncoderStream; new (): TextEncoderStream }
interface TextDecoderStream {
  readonly encoding: string
  readonly fatal: boolean
  readonly ignoreBOM: boolean
  readonly readable: ReadableStream<string>
  readonly writable: WritableStream<BufferSource>
}
declare var TextDecoderStream: {
  prototype: TextDecoderStream
  new (label?: string, options?: TextDecoderOptions): TextDecoderStream
}

interface CompressionStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<BufferSource>
}
declare var CompressionStream: {
  prototype: CompressionStream
  new (format: 'deflate' | 'deflate-raw' | 'gzip'): CompressionStream
}
interface DecompressionStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<BufferSource>
}
declare var DecompressionStream: {
  prototype: DecompressionStream
  new (format: 'deflate' | 'deflate-raw' | 'gzip'): DecompressionStream
}
