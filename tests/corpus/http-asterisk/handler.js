export const handler = ({ method, path, query, rawBody, headers }) => [method, path, query, rawBody, headers.host]
