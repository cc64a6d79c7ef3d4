const names = ['two words', '', 'a:b', 'ü', 'a\r\nb', 'a\0', '(x)']
export const handler = ({ path }) => ({ headers: { [names[path.slice(1)]]: 'v' } })
