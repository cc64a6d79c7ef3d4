export const handler = event => [event.queryStringParameters, event.multiValueQueryStringParameters]
