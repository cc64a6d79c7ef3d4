let kept = []
export const handler = ({ path }) => {
  if (path === '/fine') return `${kept.length}`
  while (true) kept.push(new Array(100).fill({ a: 1 }))
}
