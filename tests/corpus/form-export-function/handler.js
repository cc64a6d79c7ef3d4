export function handler(event) {
  return `${event.method} ${event.path}`
}
