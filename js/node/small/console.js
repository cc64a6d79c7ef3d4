// node:console
module.exports = Object.assign(Object.create(console), {
  Console: class Console {
    constructor() {
      return console
    }
  },
  default: console,
})
