const codes = [199, 600, 200.5, '200', NaN, -1, 1e10, {}, true, 100, Infinity, 0]
export const handler = ({ path }) => ({ statusCode: codes[path.slice(1)], body: '' })
