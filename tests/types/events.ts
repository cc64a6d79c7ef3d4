// The events as isère makes them have the members that their types have: run with
// each --payload. Record<keyof E, …> makes tsc complain of a member too many or
// too few here.

const members: Record<string, Record<string, true>> = {
  isere: {
    httpMethod: true, method: true, path: true, query: true, queryStringParameters: true,
    multiValueQueryStringParameters: true, pathParameters: true, headers: true, cookies: true,
    body: true, rawBody: true, isBase64Encoded: true, requestContext: true,
  } satisfies Record<keyof Isere.Event, true>,
  '1.0': {
    version: true, resource: true, path: true, httpMethod: true, headers: true, multiValueHeaders: true,
    queryStringParameters: true, multiValueQueryStringParameters: true, requestContext: true,
    pathParameters: true, stageVariables: true, body: true, isBase64Encoded: true,
  } satisfies Record<keyof Isere.EventV1, true>,
  '2.0': {
    version: true, routeKey: true, rawPath: true, rawQueryString: true, cookies: true, headers: true,
    queryStringParameters: true, requestContext: true, body: true, pathParameters: true,
    isBase64Encoded: true,
  } satisfies Record<keyof Isere.EventV2, true>,
}
const inContext: Record<string, Record<string, true>> = {
  isere: { requestId: true, timeEpoch: true, routeKey: true, http: true } satisfies
    Record<keyof Isere.Event['requestContext'], true>,
  '1.0': {
    accountId: true, apiId: true, authorizer: true, domainName: true, domainPrefix: true,
    extendedRequestId: true, httpMethod: true, identity: true, path: true, protocol: true,
    requestId: true, requestTime: true, requestTimeEpoch: true, resourceId: true,
    resourcePath: true, stage: true,
  } satisfies Record<keyof Isere.EventV1['requestContext'], true>,
  '2.0': {
    accountId: true, apiId: true, domainName: true, domainPrefix: true, http: true, requestId: true,
    routeKey: true, stage: true, time: true, timeEpoch: true,
  } satisfies Record<keyof Isere.EventV2['requestContext'], true>,
}
const ofContext = {
  functionName: true, functionVersion: true, memoryLimitInMB: true, awsRequestId: true,
  callbackWaitsForEmptyEventLoop: true, getRemainingTimeInMillis: true, succeed: true, fail: true, done: true,
} satisfies Record<keyof Isere.Context, true>

const compare = (what: string, value: object, expected: object) => {
  const [is, should] = [value, expected].map((o) => Object.keys(o).sort().join(' '))
  return is === should ? [] : [`${what}: ${is}, not ${should}`]
}

// A served request has all members that an event can have.
export const handler: Isere.Handler<Isere.Event | Isere.EventV1 | Isere.EventV2> = (event, context) => {
  const payload = 'version' in event ? event.version : 'isere'
  const all = { ...event, pathParameters: null }
  return {
    body: [
      ...compare(payload, all, members[payload]!),
      ...compare('requestContext', event.requestContext, inContext[payload]!),
      ...compare('context', context, ofContext),
    ].join('\n') + '\n',
  }
}
