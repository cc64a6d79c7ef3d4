export const handler = ({ path }) => ({ statusCode: +path.slice(1), headers: { 'X-A': 'b' }, body: 'never sent' })
