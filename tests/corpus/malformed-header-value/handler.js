const values = ['a\r\nX-Evil: 1', 'a\nb', 'a\rb', 'a\0b', '\u0100', {}, [['nested']], () => 1, Symbol('s'), 1n, '\ud83d\ude00', ['fine', 'a\r\nb']]
export const handler = ({ path }) => ({ headers: { 'X-Value': values[path.slice(1)] }, body: '' })
