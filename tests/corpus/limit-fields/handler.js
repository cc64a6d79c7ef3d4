export const handler = ({ headers }) => `${Object.keys(headers).length}`
