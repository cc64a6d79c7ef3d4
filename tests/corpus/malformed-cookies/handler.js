const cookies = [['a=1\r\nX-Evil: 1'], 'a=1', [{}], 7, ['\u0100']]
export const handler = ({ path }) => ({ statusCode: 200, cookies: cookies[path.slice(1)], body: '' })
