// Headers (Fetch section 5.1), and lists of header fields for Request and
// Response. A list is linked records: what a handler does to Array.prototype
// does not reach it. Nor does String.prototype: text is made by string() and `+`,
// since the engine calls its `concat` for a template.
(function (host) {
  'use strict'
  const { append, fieldName, fieldValue, need, shape, string } = host
  const { apply, iterator, ownKeys, setPrototypeOf, defineProperty } = host.taken
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object

  // ---- lists ----

  const create = () => ({ __proto__: null, first: null, last: null, changes: 0, fixed: false })
  function put(list, key, name, value) {
    const field = { __proto__: null, key, name, value, next: null }
    if (list.last) list.last.next = field
    else list.first = field
    list.last = field
    list.changes++
  }
  // Several values of a name are one, joined; null when there is none.
  function find(list, key) {
    let all = null
    for (let field = list.first; field; field = field.next) {
      if (field.key === key) all = all === null ? field.value : all + ', ' + field.value
    }
    return all
  }
  // Takes out the fields of that name behind `before`, which is null for all.
  function remove(list, key, before) {
    let last = before
    for (let field = before ? before.next : list.first; field; field = field.next) {
      if (field.key === key) continue
      if (last) last.next = field
      else list.first = field
      last = field
    }
    if (last) last.next = null
    else list.first = null
    list.last = last
    list.changes++
  }
  function set(list, key, name, value) {
    let field = list.first
    while (field && field.key !== key) field = field.next
    if (!field) return put(list, key, name, value)
    field.value = value
    remove(list, key, field)
  }
  function duplicate(list) {
    const copy = create()
    for (let field = list.first; field; field = field.next) put(copy, field.key, field.name, field.value)
    return copy
  }

  // ---- what handlers give ----

  function keyOf(name) {
    const key = fieldName(name)
    if (key === undefined) throw new TypeError(`'${name}' can't name a header`)
    return key
  }
  function valueOf(name, value) {
    const text = fieldValue(value)
    if (text === undefined) throw new TypeError(`header '${name}' has an invalid value`)
    return text
  }
  function change(list) {
    if (list.fixed) throw new TypeError('these headers can\'t be changed')
    return list
  }
  function add(list, name, value) {
    const key = keyOf(name)
    put(change(list), key, name, valueOf(name, value))
  }
  function pairs(given, init) {
    for (const pair of init) {
      if ((typeof pair !== 'object' || pair === null) && typeof pair !== 'function') {
        throw new TypeError('a list of headers must have pairs of name and value')
      }
      let count = 0
      let name, value
      for (const part of pair) {
        if (count === 0) name = string(part)
        else if (count === 1) value = string(part)
        count++
      }
      if (count !== 2) throw new TypeError('a list of headers must have pairs of name and value')
      put(given, name, name, value)
    }
  }
  function record(given, init) {
    const keys = ownKeys(init)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]
      const found = getOwnPropertyDescriptor(init, key)
      if (!found || !found.enumerable) continue
      keyOf(string(key))
      put(given, key, key, string(init[key]))
    }
  }
  // Everything is read before anything is added.
  function fill(list, init) {
    if ((typeof init !== 'object' || init === null) && typeof init !== 'function') {
      throw new TypeError('headers must be an object or a list of pairs')
    }
    const way = init[iterator]
    if (way === entries && isHeaders(init)) {
      for (let field = listOf(init).first; field; field = field.next) put(list, field.key, field.name, field.value)
      return
    }
    const given = create()
    if (way === undefined || way === null) record(given, init)
    else if (typeof way === 'function') pairs(given, init)
    else throw new TypeError('headers can\'t be iterated')
    for (let field = given.first; field; field = field.next) add(list, field.name, field.value)
  }

  // ---- the class ----

  // Names in order, values joined but those of Set-Cookie: an array of records.
  function sorted(list) {
    const all = []
    for (let field = list.first; field; field = field.next) {
      const { key } = field
      let at = all.length
      while (at > 0 && all[at - 1].key > key) at--
      if (at > 0 && all[at - 1].key === key && key !== 'set-cookie') {
        all[at - 1].value = all[at - 1].value + ', ' + field.value
        continue
      }
      append(all, null)
      for (let i = all.length - 1; i > at; i--) all[i] = all[i - 1]
      all[at] = { __proto__: null, key, value: field.value }
    }
    return all
  }
  const IteratorPrototype = getPrototypeOf(getPrototypeOf([][iterator]()))
  class HeadersIterator {
    #list
    #what
    #at = 0
    #changes = -1
    #sorted
    constructor(list, what) {
      this.#list = list
      this.#what = what
    }
    next() {
      const list = this.#list
      if (this.#changes !== list.changes) {
        this.#sorted = sorted(list)
        this.#changes = list.changes
      }
      if (this.#at >= this.#sorted.length) return { value: undefined, done: true }
      const { key, value } = this.#sorted[this.#at++]
      return { value: this.#what === 0 ? key : this.#what === 1 ? value : [key, value], done: false }
    }
  }
  setPrototypeOf(HeadersIterator.prototype, IteratorPrototype)
  delete HeadersIterator.prototype.constructor
  shape(HeadersIterator, 'Headers Iterator')

  let listOf, isHeaders
  let handed = null // the list of the object that is being made
  class Headers {
    #list
    constructor(init = undefined) {
      if (handed) {
        this.#list = handed
        handed = null
        return
      }
      this.#list = create()
      if (init !== undefined) fill(this.#list, init)
    }
    append(name, value) {
      need(arguments.length, 2, 'append')
      const list = this.#list
      add(list, string(name), string(value))
    }
    delete(name) {
      need(arguments.length, 1, 'delete')
      const list = this.#list
      const key = keyOf(string(name))
      remove(change(list), key, null)
    }
    get(name) {
      need(arguments.length, 1, 'get')
      const list = this.#list
      return find(list, keyOf(string(name)))
    }
    getSetCookie() {
      const all = []
      for (let field = this.#list.first; field; field = field.next) {
        if (field.key === 'set-cookie') append(all, field.value)
      }
      return all
    }
    has(name) {
      need(arguments.length, 1, 'has')
      const list = this.#list
      return find(list, keyOf(string(name))) !== null
    }
    set(name, value) {
      need(arguments.length, 2, 'set')
      const list = this.#list
      name = string(name)
      value = string(value)
      const key = keyOf(name)
      value = valueOf(name, value)
      set(change(list), key, name, value)
    }
    entries() { return new HeadersIterator(this.#list, 2) }
    keys() { return new HeadersIterator(this.#list, 0) }
    values() { return new HeadersIterator(this.#list, 1) }
    forEach(callback, self = undefined) {
      need(arguments.length, 1, 'forEach')
      const list = this.#list
      if (typeof callback !== 'function') throw new TypeError('forEach needs a function')
      let all = sorted(list)
      let { changes } = list
      for (let i = 0; i < all.length; i++) {
        apply(callback, self, [all[i].value, all[i].key, this])
        if (changes !== list.changes) {
          all = sorted(list)
          changes = list.changes
        }
      }
    }
    static {
      listOf = (headers) => headers.#list
      isHeaders = (value) => typeof value === 'object' && value !== null && #list in value
    }
  }
  const { entries } = Headers.prototype
  shape(Headers, 'Headers')
  defineProperty(Headers.prototype, iterator, { __proto__: null, value: entries, writable: true, configurable: true })
  function make(list) {
    handed = list
    return new Headers()
  }
  // For console.log.
  function show(headers) {
    const all = sorted(listOf(headers))
    const object = {}
    for (let i = 0; i < all.length; i++) {
      const { key, value } = all[i]
      const more = key === 'set-cookie' && object[key] !== undefined ? object[key] + ', ' + value : value
      defineProperty(object, key, { __proto__: null, value: more, enumerable: true, configurable: true, writable: true })
    }
    return object
  }
  host.clonable(isHeaders)
  return { Headers, create, put, find, set, duplicate, fill, make, listOf, isHeaders, show }
})
