export const handler = (event, context) => {
  const left = context.getRemainingTimeInMillis()
  context.callbackWaitsForEmptyEventLoop = false
  return [
    typeof context.functionName, typeof context.functionVersion, typeof context.memoryLimitInMB, context.memoryLimitInMB > 0,
    context.awsRequestId === event.requestContext.requestId, context.awsRequestId,
    Number.isInteger(left) && left > 0]
}
