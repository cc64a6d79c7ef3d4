export default {
  greeting: 'hello',
  handler(event) {
    return `${this.greeting} ${event.path}`
  },
}
