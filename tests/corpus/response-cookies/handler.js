export const handler = () => ({ cookies: ['a=1; HttpOnly', 'b=2'], headers: { 'Set-Cookie': 'c=3' }, body: '' })
