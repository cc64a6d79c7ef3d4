// Enumeration as the strictest of hosts do it, with the descriptors checked
// against the tables of USB 2.0 (chapter 9), CDC 1.2, ECM 1.2 and NCM 1.0.
import {
  ACK, GET_CONFIGURATION, GET_INTERFACE, GET_STATUS, NONE, SET_ADDRESS,
  SET_CONFIGURATION, STALL,
} from './bus.js'
import { MS } from './tasks.js'

const DEVICE = 1
const CONFIGURATION = 2
const STRING = 3
const INTERFACE = 4
const ENDPOINT = 5
const QUALIFIER = 6
const DEBUG = 10
const ASSOCIATION = 11
const BOS = 15
const CS_INTERFACE = 0x24

const ENGLISH = 0x409
const ADDRESS = 7
const TRIES = 4
export const COMMUNICATION = 2
export const DATA = 10
export const ECM = 6
export const NCM = 0x0d
const BULK = 2
const INTERRUPT = 3

// Functional descriptors: their subtypes, and how long the tables say they are.
const HEADER = 0
const UNION = 6
const ETHERNET = 0x0f
const NCM_FUNCTIONAL = 0x1a
const FUNCTIONAL = { [HEADER]: 5, [UNION]: 5, [ETHERNET]: 13, [NCM_FUNCTIONAL]: 6 }

const word = (bytes, at) => bytes[at] | (bytes[at + 1] << 8)
const hex = (bytes) => Buffer.from(bytes).toString('hex')

// {device, interfaces, endpoints, functional, strings...}; what a host would not
// accept goes to bus.problem.
export function* enumerate(bus) {
  const need = (isTrue, text) => { if (!isTrue) bus.problem(text) }
  const d = yield* giveAddress(bus, need)
  const info = {
    vendor: word(d, 8),
    product: word(d, 10),
    deviceClass: [d[4], d[5], d[6]],
    strings: {},
  }
  yield* checkOptional(bus, word(d, 2), need)
  info.configuration = yield* readConfiguration(bus, need)
  parse(info, need)
  const languages = yield* bus.descriptor(STRING)
  need(languages.answer === ACK && word(languages.data, 2) === ENGLISH,
    `languages: ${languages.answer} ${hex(languages.data)}`)
  for (const [name, index] of [['manufacturer', d[14]], ['product', d[15]],
    ['serial', d[16]], ['mac', info.macIndex]]) {
    if (index) info.strings[name] = yield* readString(bus, index, need)
  }
  need(/^[0-9A-F]{12}$/.test(info.strings.mac), `MAC address "${info.strings.mac}"`)
  info.mac = Buffer.from(info.strings.mac, 'hex')
  need((info.mac[0] & 1) === 0, 'the MAC address is a group\'s')
  const configured = yield* bus.control(SET_CONFIGURATION, info.value)
  need(configured.answer === ACK, `SET_CONFIGURATION: ${configured.answer}`)
  const alternate = yield* bus.control(GET_INTERFACE, 0, info.dataInterface, 1)
  need(alternate.answer === ACK && alternate.data[0] === 0,
    `GET_INTERFACE: ${alternate.answer} ${hex(alternate.data)}`)
  return info
}

// Up to the device descriptor at the new address. Hosts begin again, some four
// times, when a device does not hear its address: this one hears nothing for 45
// ms while its flash erases a sector.
function* giveAddress(bus, need) {
  for (let tries = 0; tries < TRIES; tries++) {
    yield* bus.reset()
    // Linux and Windows ask first for 64 bytes at address 0, then reset again.
    const first = yield* bus.descriptor(DEVICE, 0, 0, 64)
    if (first.answer === NONE) continue
    need(first.answer === ACK, `device descriptor: ${first.answer}`)
    need(first.data[7] === 64, `bMaxPacketSize0 is ${first.data[7]}`)
    yield* bus.reset()
    const addressed = yield* bus.control(SET_ADDRESS, ADDRESS)
    if (addressed.answer === NONE) continue
    need(addressed.answer === ACK, `SET_ADDRESS: ${addressed.answer}`)
    bus.address = ADDRESS
    yield 2 * MS
    const { data, answer } = yield* bus.descriptor(DEVICE, 0, 0, 18)
    if (answer === NONE) continue
    need(answer === ACK && data.length === 18 && data[0] === 18 && data[1] === DEVICE,
      `device descriptor: ${answer} ${hex(data)}`)
    return data
  }
  throw new Error('USB: the device has no address')
}

// What a device may refuse, and must not answer wrongly.
function* checkOptional(bus, version, need) {
  const qualifier = yield* bus.descriptor(QUALIFIER, 0, 0, 10)
  need(qualifier.answer === STALL, `device qualifier: ${qualifier.answer}`)
  const bos = yield* bus.descriptor(BOS, 0, 0, 5)
  need(version <= 0x200 || bos.answer === ACK, `USB ${version.toString(16)} without BOS`)
  for (const [type, index, length] of [[STRING, 0xee, 18], [DEBUG, 0, 4], [STRING, 77, 255]]) {
    const { answer } = yield* bus.descriptor(type, index, 0, length)
    need(answer === STALL, `descriptor ${type}/${index}, which is not there: ${answer}`)
  }
  const status = yield* bus.control(GET_STATUS, 0, 0, 2)
  need(status.answer === ACK && status.data.length === 2, `GET_STATUS: ${status.answer}`)
  const current = yield* bus.control(GET_CONFIGURATION, 0, 0, 1)
  need(current.answer === ACK && current.data[0] === 0,
    `GET_CONFIGURATION: ${current.answer} ${hex(current.data)}`)
}

function* readConfiguration(bus, need) {
  const head = yield* bus.descriptor(CONFIGURATION, 0, 0, 9)
  need(head.answer === ACK && head.data.length === 9, `configuration: ${head.answer}`)
  const total = word(head.data, 2)
  const { answer, data } = yield* bus.descriptor(CONFIGURATION, 0, 0, 255)
  need(answer === ACK && data.length === total,
    `configuration: wTotalLength is ${total}, ${data.length} bytes came`)
  return data
}

// Windows asks for the length first.
function* readString(bus, index, need) {
  const { answer, data } = yield* bus.descriptor(STRING, index, ENGLISH, 255)
  need(answer === ACK && data[0] === data.length && data[1] === STRING,
    `string ${index}: ${answer} ${hex(data)}`)
  const head = yield* bus.descriptor(STRING, index, ENGLISH, 2)
  need(head.answer === ACK && head.data.length === 2 && head.data[0] === data[0],
    `the first two bytes of string ${index}: ${head.answer} ${hex(head.data)}`)
  return Buffer.from(data.subarray(2)).toString('utf16le')
}

function parse(info, need) {
  const c = info.configuration
  need(c[0] === 9 && c[1] === CONFIGURATION, 'configuration: its header')
  need(c[5] !== 0, 'bConfigurationValue is 0')
  need((c[7] & 0x9f) === 0x80, `bmAttributes is ${c[7].toString(16)}`)
  need(c[8] <= 250, `bMaxPower is ${c[8]}`)
  info.value = c[5]
  info.attributes = c[7]
  info.interfaces = []
  info.endpoints = []
  info.functional = {}
  let current = null
  for (let at = 9; at < c.length; at += c[at]) {
    const bytes = c.subarray(at, at + c[at])
    if (c[at] < 2 || bytes.length !== c[at]) {
      need(false, `descriptor at ${at} has a length of ${c[at]}`)
      break
    }
    switch (bytes[1]) {
      case INTERFACE:
        current = parseInterface(bytes, need)
        info.interfaces.push(current)
        break
      case ENDPOINT:
        info.endpoints.push(parseEndpoint(bytes, need))
        if (current) current.described++
        break
      case ASSOCIATION:
        info.association = bytes
        break
      case CS_INTERFACE:
        need(current?.class === COMMUNICATION, 'a functional descriptor is out of place')
        need(!(bytes[2] in info.functional), `functional descriptor ${bytes[2]} twice`)
        info.functional[bytes[2]] = bytes
        break
      default:
        need(false, `descriptor of type ${bytes[1]} at ${at}`)
    }
  }
  checkFunction(info, need)
}

function parseInterface(bytes, need) {
  need(bytes.length === 9, `interface descriptor: ${hex(bytes)}`)
  const [, , number, alternate, endpoints, class_, subclass, protocol] = bytes
  return { number, alternate, endpoints, class: class_, subclass, protocol, described: 0 }
}

function parseEndpoint(bytes, need) {
  need(bytes.length === 7, `endpoint descriptor: ${hex(bytes)}`)
  const [, , address, attributes, , , interval] = bytes
  const size = word(bytes, 4)
  const kind = attributes & 3
  if (kind === BULK) {
    need([8, 16, 32, 64].includes(size), `bulk endpoint with packets of ${size}`)
  } else {
    need(kind === INTERRUPT && size <= 64 && interval >= 1, `endpoint ${hex(bytes)}`)
  }
  return { address, kind, size, interval }
}

function checkFunction(info, need) {
  const { interfaces, functional, endpoints, association } = info
  for (const i of interfaces) {
    need(i.endpoints === i.described,
      `interface ${i.number}.${i.alternate}: ${i.described} endpoints of ${i.endpoints}`)
  }
  const count = new Set(interfaces.map((i) => i.number)).size
  need(count === info.configuration[4], `bNumInterfaces is ${info.configuration[4]}`)
  const control = interfaces.find((i) => i.class === COMMUNICATION)
  const data = interfaces.filter((i) => i.class === DATA)
  need(control !== undefined, 'no communication interface')
  info.subclass = control?.subclass
  const isNcm = info.subclass === NCM
  need(isNcm || info.subclass === ECM, `subclass ${info.subclass}`)
  need(data.length === 2 && data[0].alternate === 0 && data[0].endpoints === 0 &&
    data[1].alternate === 1 && data[1].endpoints === 2, 'alternates of the data interface')
  // ECM 1.2, 3.3: subclass and protocol 0; NCM 1.0, 5.3: protocol 1.
  need(data.every((i) => i.subclass === 0 && i.protocol === (isNcm ? 1 : 0)),
    `data interface: ${JSON.stringify(data)}`)
  need(control.protocol === 0, `protocol ${control.protocol} of the control interface`)
  if (association) {
    need(association.length === 8 && association[2] === control.number &&
      association[3] === 2 && association[4] === COMMUNICATION &&
      association[5] === info.subclass && association[6] === 0, `association ${hex(association)}`)
    need(String(info.deviceClass) === '239,2,1', `association in class ${info.deviceClass}`)
  }
  checkFunctional(functional, control, data[0], isNcm, need)
  info.controlInterface = control.number
  info.dataInterface = data[0].number
  info.macIndex = functional[ETHERNET]?.[3]
  const find = (kind, isIn) => endpoints.find(
    (e) => e.kind === kind && (e.address & 0x80) === (isIn ? 0x80 : 0)).address & 15
  info.in = find(BULK, true)
  info.out = find(BULK, false)
  info.notify = find(INTERRUPT, true)
}

// CDC 1.2, tables 15 and 16; ECM 1.2, table 3; NCM 1.0, table 5-2.
function checkFunctional(functional, control, data, isNcm, need) {
  const wanted = isNcm ? [HEADER, UNION, ETHERNET, NCM_FUNCTIONAL] : [HEADER, UNION, ETHERNET]
  need(String(Object.keys(functional)) === String(wanted),
    `functional descriptors ${Object.keys(functional)}, wanted ${wanted}`)
  for (const subtype of wanted) {
    const bytes = functional[subtype]
    need(bytes?.length === FUNCTIONAL[subtype],
      `functional descriptor ${subtype}: ${bytes && hex(bytes)}`)
  }
  const header = functional[HEADER]
  need(header && word(header, 3) >= 0x110 && word(header, 3) <= 0x120, 'bcdCDC')
  const union = functional[UNION]
  need(union && union[3] === control.number && union[4] === data?.number, 'the union')
  const ethernet = functional[ETHERNET]
  need(ethernet && word(ethernet, 8) === 1514, 'wMaxSegmentSize')
  need(ethernet && ethernet[12] === 0, 'bNumberPowerFilters')
}
