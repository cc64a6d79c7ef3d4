// What the engine could do but a handler must not.
export const handler = async () => {
  const found = ['std', 'os', 'scriptArgs', 'print', 'require', 'bjson', 'Worker'].filter(name => name in globalThis)
  for (const name of ['std', 'os', './other.js', '../handler.js', '/etc/passwd']) {
    try {
      await import(name)
      found.push(name)
    } catch {}
  }
  return found
}
