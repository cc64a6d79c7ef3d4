export const handler = () => ({ statusCode: 200, cookies: ['a=1; HttpOnly', 'b=2'], body: 'set' })
