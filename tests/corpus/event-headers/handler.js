export const handler = ({ headers, cookies }) => [
  headers.host, headers['x-one'], headers['x-many'], headers.cookie, headers['x-empty'], cookies]
