// FormData (XMLHttpRequest section 4), and its text: multipart/form-data
// (RFC 7578) and application/x-www-form-urlencoded.
(function (host) {
  'use strict'
  const { append, multipart, need, random, shape } = host
  const { URLSearchParams } = globalThis
  const { apply, iterator } = host.taken
  const { Blob, isBlob, isFile, make, fileOf, bytesOf, nameOf } = host.load('blob')
  const wellFormed = String.prototype.toWellFormed
  const replace = String.prototype.replace
  const usv = (value) => apply(wellFormed, `${value}`, [])
  let entriesOf, isFormData

  // What is kept for a value: text, or a File.
  function entry(name, value, filename, count, what) {
    name = usv(name)
    if (isBlob(value)) {
      if (filename !== undefined) value = fileOf(value, usv(filename), isFile(value) ? value.lastModified : undefined)
      else if (!isFile(value)) value = fileOf(value, 'blob', undefined)
    } else if (count > 2) {
      throw new TypeError(`${what}: a file name needs a Blob`)
    } else {
      value = usv(value)
    }
    return { name, value }
  }
  const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][iterator]()))
  class FormDataIterator {
    #form
    #at = 0
    #what
    constructor(form, what) {
      this.#form = form
      this.#what = what
    }
    next() {
      const all = entriesOf(this.#form)
      if (this.#at >= all.length) return { value: undefined, done: true }
      const { name, value } = all[this.#at++]
      return { value: this.#what === 0 ? name : this.#what === 1 ? value : [name, value], done: false }
    }
  }
  host.taken.setPrototypeOf(FormDataIterator.prototype, IteratorPrototype)
  delete FormDataIterator.prototype.constructor
  shape(FormDataIterator, 'FormData Iterator')

  class FormData {
    #entries = []
    constructor(form = undefined) {
      if (form !== undefined) throw new TypeError('FormData takes no form: there are none here')
    }
    append(name, value, filename = undefined) {
      need(arguments.length, 2, 'append')
      append(this.#entries, entry(name, value, filename, arguments.length, 'append'))
    }
    delete(name) {
      need(arguments.length, 1, 'delete')
      name = usv(name)
      const all = this.#entries
      let kept = 0
      for (let i = 0; i < all.length; i++) if (all[i].name !== name) all[kept++] = all[i]
      all.length = kept
    }
    get(name) {
      need(arguments.length, 1, 'get')
      name = usv(name)
      const all = this.#entries
      for (let i = 0; i < all.length; i++) if (all[i].name === name) return all[i].value
      return null
    }
    getAll(name) {
      need(arguments.length, 1, 'getAll')
      name = usv(name)
      const all = this.#entries
      const found = []
      for (let i = 0; i < all.length; i++) if (all[i].name === name) append(found, all[i].value)
      return found
    }
    has(name) {
      need(arguments.length, 1, 'has')
      name = usv(name)
      const all = this.#entries
      for (let i = 0; i < all.length; i++) if (all[i].name === name) return true
      return false
    }
    set(name, value, filename = undefined) {
      need(arguments.length, 2, 'set')
      const fresh = entry(name, value, filename, arguments.length, 'set')
      const all = this.#entries
      let kept = 0
      let placed = false
      for (let i = 0; i < all.length; i++) {
        if (all[i].name !== fresh.name) all[kept++] = all[i]
        else if (!placed) {
          placed = true
          all[kept++] = fresh
        }
      }
      all.length = kept
      if (!placed) append(all, fresh)
    }
    entries() { return new FormDataIterator(check(this), 2) }
    keys() { return new FormDataIterator(check(this), 0) }
    values() { return new FormDataIterator(check(this), 1) }
    forEach(callback, self = undefined) {
      need(arguments.length, 1, 'forEach')
      const all = this.#entries
      if (typeof callback !== 'function') throw new TypeError('forEach needs a function')
      for (let i = 0; i < all.length; i++) apply(callback, self, [all[i].value, all[i].name, this])
    }
    static {
      entriesOf = (form) => form.#entries
      isFormData = (value) => typeof value === 'object' && value !== null && #entries in value
    }
  }
  function check(form) {
    if (!isFormData(form)) throw new TypeError('not a FormData')
    return form
  }
  shape(FormData, 'FormData')
  host.taken.defineProperty(FormData.prototype, iterator, { value: FormData.prototype.entries, writable: true, configurable: true })

  // ---- as text ----

  const lines = (text) => apply(replace, text, [/\r\n|\r|\n/g, '\r\n'])
  const escaped = { __proto__: null, '\n': '%0A', '\r': '%0D', '"': '%22' }
  const escape = (text) => apply(replace, text, [/[\n\r"]/g, (c) => escaped[c]])
  // A Blob, whose type has the boundary.
  function write(form) {
    const boundary = `----isere-${random()}`
    const all = entriesOf(form)
    const parts = []
    for (let i = 0; i < all.length; i++) {
      const { name, value } = all[i]
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`
      if (typeof value === 'string') {
        append(parts, `${head}\r\n\r\n${lines(value)}\r\n`)
      } else {
        append(parts, `${head}; filename="${escape(nameOf(value))}"\r\nContent-Type: ${value.type || 'application/octet-stream'}\r\n\r\n`)
        append(parts, value)
        append(parts, '\r\n')
      }
    }
    append(parts, `--${boundary}--\r\n`)
    return make(bytesOf(new Blob(parts)), `multipart/form-data; boundary=${boundary}`)
  }
  const unescape = (text) => apply(replace, text, [/%0[AaDd]|%22/g, (code) => (code === '%22' ? '"' : code[2] === 'A' || code[2] === 'a' ? '\n' : '\r')])
  function boundaryOf(type) {
    const found = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(type)
    return found ? found[1] ?? found[2] : ''
  }
  // A FormData of a body's bytes; TypeError when that is not what they are.
  function parse(bytes, type) {
    const form = new FormData()
    const all = entriesOf(form)
    const essence = `${type}`.split(';', 1)[0].trim().toLowerCase()
    if (essence === 'application/x-www-form-urlencoded') {
      for (const { 0: name, 1: value } of new URLSearchParams(host.decode(bytes))) append(all, { name, value })
      return form
    }
    const parts = essence === 'multipart/form-data' ? multipart(bytes, boundaryOf(type)) : undefined
    if (!parts) throw new TypeError('the body is no form')
    for (let i = 0; i < parts.length; i++) {
      const { 0: name, 1: filename, 2: kind, 3: start, 4: end } = parts[i]
      const content = bytes.subarray(start, end)
      append(all, {
        name: unescape(name),
        value: filename === undefined
          ? host.decode(content)
          : fileOf(make(host.copy(content), kind === undefined ? 'text/plain' : kind), unescape(filename), undefined),
      })
    }
    return form
  }
  // What has one name is a list.
  function show(form) {
    const all = entriesOf(form)
    const object = { __proto__: null }
    for (let i = 0; i < all.length; i++) {
      const { name } = all[i]
      if (name in object) continue
      const values = []
      for (let j = i; j < all.length; j++) if (all[j].name === name) append(values, all[j].value)
      host.taken.defineProperty(object, name, { __proto__: null, value: values.length === 1 ? values[0] : values, enumerable: true })
    }
    return object
  }
  host.clonable(isFormData, undefined, show)
  return { FormData, isFormData, write, parse }
})
