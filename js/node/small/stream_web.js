// node:stream/web: the globals.
const names = ['ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamBYOBReader', 'WritableStream',
  'WritableStreamDefaultWriter', 'TransformStream', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'TextEncoderStream',
  'TextDecoderStream', 'CompressionStream', 'DecompressionStream']
// Read when they are asked for: streams are loaded into a heap only then.
for (const name of names) Object.defineProperty(exports, name, { enumerable: true, get: () => globalThis[name] })
