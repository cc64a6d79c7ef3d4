export const handler = ({ body, rawBody, isBase64Encoded }) => [typeof body, body, rawBody, isBase64Encoded]
