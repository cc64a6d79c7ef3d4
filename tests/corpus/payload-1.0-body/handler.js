export const handler = event => ({ statusCode: 200, body: JSON.stringify([event.body, event.isBase64Encoded]) })
