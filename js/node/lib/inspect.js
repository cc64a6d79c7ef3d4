// util.inspect and util.format: short texts in Node's style, without colours.
const custom = Symbol.for('nodejs.util.inspect.custom')
const isName = /^[A-Za-z_$][\w$]*$/

const quote = (text) => {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : '`'
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  return mark + (escaped.includes(mark) ? escaped.replaceAll(mark, '\\' + mark) : escaped) + mark
}

function primitive(value) {
  switch (typeof value) {
    case 'string': return quote(value)
    case 'bigint': return `${value}n`
    case 'number': return Object.is(value, -0) ? '-0' : String(value)
    default: return String(value)
  }
}

function prefix(value, plain) {
  const prototype = Object.getPrototypeOf(value)
  const name = prototype === null ? '[Object: null prototype]' : (value.constructor?.name ?? plain)
  return name === plain ? '' : `${name} `
}

function member(value, key, show) {
  const { get, set, value: held } = Object.getOwnPropertyDescriptor(value, key)
  const name = typeof key === 'symbol' ? `[${String(key)}]` : isName.test(key) ? key : quote(key)
  return `${name}: ${get ? (set ? '[Getter/Setter]' : '[Getter]') : set ? '[Setter]' : show(held)}`
}

function keysOf(value, options) {
  const keys = options.showHidden ? Reflect.ownKeys(value) : Object.keys(value)
  return Array.isArray(value) || ArrayBuffer.isView(value) ? keys.filter((key) => !/^(\d+|length)$/.test(String(key))) : keys
}

function describe(value, show) {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const items = Array.from(value).slice(0, 100).map(show)
    if (value.length > 100) items.push(`... ${value.length - 100} more item${value.length > 101 ? 's' : ''}`)
    return [Array.isArray(value) ? prefix(value, 'Array').replace(/ $/, `(${value.length}) `) : `${value.constructor.name}(${value.length}) `, items, '[]']
  }
  if (value instanceof Map) return [`Map(${value.size}) `, [...value].map(([key, held]) => `${show(key)} => ${show(held)}`), '{}']
  if (value instanceof Set) return [`Set(${value.size}) `, [...value].map(show), '{}']
  return [prefix(value, 'Object'), [], '{}']
}

// What has no members to show, or a text of its own before them.
function head(value) {
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value))
    const kind = isClass ? 'class' : value.constructor?.name || 'Function'
    return `[${kind}${value.name && !isClass ? ':' : ''} ${value.name || '(anonymous)'}]`
  }
  if (value instanceof Error) return String(value.stack ? `${value}\n${value.stack}`.trimEnd() : `[${value}]`)
  if (value instanceof RegExp) return String(value)
  if (value instanceof Date) return isNaN(value) ? 'Invalid Date' : value.toISOString()
  if (value instanceof Promise) return 'Promise { ? }'
  return undefined
}

function put(value, depth, options, seen) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return primitive(value)
  if (typeof value[custom] === 'function' && options.customInspect !== false && value[custom] !== inspect) {
    const shown = value[custom](options.depth - depth, options, inspect)
    return typeof shown === 'string' ? shown : put(shown, depth, options, seen)
  }
  if (seen.includes(value)) return '[Circular *1]'
  const first = head(value)
  const keys = keysOf(value, options)
  if (first !== undefined && !keys.length) return first
  if (depth > options.depth) return Array.isArray(value) ? '[Array]' : `[${value.constructor?.name ?? 'Object'}]`
  // The depth of the object that was shown last.
  options.deepest = depth
  const show = (held) => put(held, depth + 1, options, [...seen, value])
  const [name, items, braces] = first === undefined ? describe(value, show) : [`${first} `, [], '{}']
  for (const key of keys) items.push(member(value, key, show))
  if (!items.length) return name + braces
  const indent = '  '.repeat(depth)
  const line = items.join(', ')
  const length = items.reduce((sum, item) => sum + item.length + 2, 11 + name.length + indent.length)
  // Three levels are on one line at most, as in Node.
  const isLong = options.deepest - depth > 2 || length > 80 || line.includes('\n')
  const body = isLong ? `\n${indent}  ${items.join(`,\n${indent}  `)}\n${indent}` : ` ${line} `
  return `${name}${braces[0]}${body}${braces[1]}`
}

export function inspect(value, options) {
  const given = typeof options === 'object' ? options : { showHidden: options, depth: arguments[2] }
  return put(value, 0, { ...given, depth: given?.depth === null ? Infinity : (given?.depth ?? 2) }, [])
}
inspect.custom = custom
inspect.defaultOptions = {}
inspect.colors = {}
inspect.styles = {}

function json(value) {
  try {
    return JSON.stringify(value)
  } catch {
    return '[Circular]'
  }
}

function asText(value) {
  if (typeof value === 'object' && value !== null && !(value instanceof Error)) return inspect(value, { depth: 0 })
  return typeof value === 'string' ? value : typeof value === 'object' && value !== null ? String(value) : primitive(value)
}

const number = (value, parse) => (typeof value === 'symbol' || typeof value === 'object' ? 'NaN' : typeof value === 'bigint' ? `${value}n` : String(parse(value)))
const formats = {
  s: asText,
  d: (value) => number(value, Number),
  i: (value) => number(value, parseInt),
  f: (value) => (typeof value === 'symbol' ? 'NaN' : String(parseFloat(value))),
  j: json,
  o: (value) => inspect(value, { showHidden: true, depth: 4 }),
  O: (value) => inspect(value, { depth: 4 }),
  c: () => '',
}

export function format(...args) {
  let text = ''
  if (typeof args[0] === 'string') {
    const template = args.shift()
    text = args.length === 0 ? template : template.replace(/%([sdifjoOc%])/g, (all, kind) =>
      kind === '%' ? '%' : args.length ? formats[kind](args.shift()) : all)
    if (args.length) text += ' '
  }
  return text + args.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')
}
