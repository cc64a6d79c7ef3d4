export const handler = ({ query, headers }) => `${query.length + (headers['x-long'] ?? '').length}`
