export const handler = async ({ requestContext }) => requestContext
