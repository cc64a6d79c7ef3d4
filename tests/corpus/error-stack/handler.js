const deep = n => 1 + deep(n + 1)
export const handler = ({ path }) => path === '/fine' ? 'fine' : deep(0)
