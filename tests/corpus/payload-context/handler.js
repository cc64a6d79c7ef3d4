export const handler = (event, context) => ({ statusCode: 200, body: typeof context.memoryLimitInMB })
