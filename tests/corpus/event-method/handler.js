export const handler = event => [event.httpMethod, event.method, event.requestContext.http.method]
