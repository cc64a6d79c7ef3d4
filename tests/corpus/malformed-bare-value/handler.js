const values = { '/function': () => 1, '/symbol': Symbol('s'), '/bigint': 1n }
export const handler = ({ path }) => values[path]
