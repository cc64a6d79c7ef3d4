// node:stream/promises
module.exports = require('../stream.js').promises
