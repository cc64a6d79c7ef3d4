export const handler = event => JSON.parse(event.rawBody)
