// Blob and File (File API sections 3 and 4). The bytes of a Blob never change,
// so a slice shares them.
(function (host) {
  'use strict'
  const { append, copy, decode, dictionary, encode, need, shape } = host
  const { apply, iterator } = host.taken
  const { subarray } = Uint8Array.prototype
  const trunc = Math.trunc
  const part = (bytes, start, end) => apply(subarray, bytes, [start, end])
  const wellFormed = String.prototype.toWellFormed
  let bytesOf, typeOf, isBlob, make

  function join(parts) {
    if (parts.length === 1) return parts[0]
    let size = 0
    for (let i = 0; i < parts.length; i++) size += parts[i].length
    const all = new Uint8Array(size)
    size = 0
    for (let i = 0; i < parts.length; i++) {
      all.set(parts[i], size)
      size += parts[i].length
    }
    return all
  }
  function bytesFrom(source, endings) {
    if (typeof source === 'object' && source !== null) {
      if (isBlob(source)) return bytesOf(source)
      const bytes = copy(source)
      if (bytes) return bytes
    }
    let text = `${source}`
    if (endings === 'native') text = text.replace(/\r\n?/g, '\n')
    return encode(text)
  }
  function typeFrom(type) {
    type = `${type}`
    for (let i = 0; i < type.length; i++) if (type[i] < ' ' || type[i] > '~') return ''
    return type.toLowerCase()
  }
  function parseOptions(value, what) {
    const options = dictionary(value, what)
    let { endings = 'transparent', type = '' } = options
    endings = `${endings}`
    if (endings !== 'transparent' && endings !== 'native') throw new TypeError("'endings' must be 'transparent' or 'native'")
    return { endings, type: typeFrom(type) }
  }
  // Web IDL's [Clamp] long long.
  function clamp(value, size) {
    value = +value
    if (!(value > -9007199254740992)) value = value < 0 ? -9007199254740992 : 0
    if (value > 9007199254740991) value = 9007199254740991
    value = trunc(value)
    return value < 0 ? (size + value < 0 ? 0 : size + value) : value > size ? size : value
  }

  class Blob {
    #bytes
    #type
    constructor(parts = undefined, options = undefined) {
      if (parts === given) {
        this.#bytes = options.bytes
        this.#type = options.type
        return
      }
      const list = []
      if (parts !== undefined) {
        if ((typeof parts !== 'object' || parts === null) && typeof parts !== 'function') {
          throw new TypeError("Blob's first argument must be a list of parts")
        }
        if (typeof parts[iterator] !== 'function') throw new TypeError("Blob's first argument must be a list of parts")
        for (const value of parts) {
          append(list, typeof value === 'object' && value !== null && (isBlob(value) || copy(value)) ? value : `${value}`)
        }
      }
      const { endings, type } = parseOptions(options, "Blob's second argument")
      const all = []
      for (let i = 0; i < list.length; i++) append(all, bytesFrom(list[i], endings))
      this.#bytes = join(all)
      this.#type = type
    }
    get size() { return this.#bytes.length }
    get type() { return this.#type }
    slice(start = 0, end = undefined, type = '') {
      const size = this.#bytes.length
      const from = clamp(start, size)
      const to = end === undefined ? size : clamp(end, size)
      return make(part(this.#bytes, from, to > from ? to : from), typeFrom(type))
    }
    stream() {
      return host.load('streams').fromBytes(copy(this.#bytes))
    }
    async text() { return decode(this.#bytes) }
    async arrayBuffer() { return copy(this.#bytes).buffer }
    async bytes() { return copy(this.#bytes) }
    static {
      bytesOf = (blob) => blob.#bytes
      typeOf = (blob) => blob.#type
      isBlob = (value) => typeof value === 'object' && value !== null && #bytes in value
    }
  }
  const given = { __proto__: null }
  shape(Blob, 'Blob')
  make = (bytes, type) => new Blob(given, { bytes, type })

  let isFile, nameOf, modifiedOf
  class File extends Blob {
    #name
    #modified
    constructor(parts, name, options = undefined) {
      need(arguments.length, 2, 'new File')
      if (parts === undefined) throw new TypeError("File's first argument must be a list of parts")
      super(parts, options)
      this.#name = apply(wellFormed, `${name}`, [])
      const { lastModified } = dictionary(options, 'options')
      this.#modified = lastModified === undefined ? now() : toLongLong(lastModified)
    }
    get name() { return this.#name }
    get lastModified() { return this.#modified }
    get webkitRelativePath() { return '' }
    static {
      isFile = (value) => typeof value === 'object' && value !== null && #name in value
      nameOf = (file) => file.#name
      modifiedOf = (file) => file.#modified
    }
  }
  const now = Date.now
  function toLongLong(value) {
    value = trunc(+value)
    return value === value && value !== Infinity && value !== -Infinity ? value + 0 : 0
  }
  shape(File, 'File')
  const fileOf = (blob, name, modified) => new File([blob], name, { __proto__: null, type: typeOf(blob), lastModified: modified })

  host.clonable(isBlob, (blob) => make(bytesOf(blob), typeOf(blob)), (blob) => ({ __proto__: null, size: bytesOf(blob).length, type: typeOf(blob) }))
  host.clonable(isFile, (file) => fileOf(file, nameOf(file), modifiedOf(file)), (file) => ({
    __proto__: null, size: bytesOf(file).length, type: typeOf(file), name: nameOf(file), lastModified: modifiedOf(file),
  }))
  return {
    Blob, File, isBlob, isFile, make, fileOf,
    // The bytes are the Blob's own: whoever asks must not change them.
    bytesOf,
    typeOf,
    nameOf,
  }
})
