function inner() {
  throw new TypeError('broken on purpose')
}
export const handler = () => inner()
