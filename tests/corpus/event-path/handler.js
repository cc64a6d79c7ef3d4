export const handler = event => [event.path, event.query, event.requestContext.http.path]
