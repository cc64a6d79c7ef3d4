let turns = 0
export const handler = ({ path }) => {
  if (path === '/fine') return `${turns}`
  while (true) turns++
}
