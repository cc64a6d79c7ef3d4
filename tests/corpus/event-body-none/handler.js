export const handler = ({ body, rawBody, isBase64Encoded }) => [body, rawBody, isBase64Encoded]
