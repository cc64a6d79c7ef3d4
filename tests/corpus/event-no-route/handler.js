export const handler = event => [event.pathParameters, event.requestContext.routeKey]
