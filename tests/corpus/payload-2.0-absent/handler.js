export const handler = event => Object.keys(event).sort()
