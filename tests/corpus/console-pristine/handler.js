// Groups, counts and timers end with their request.
console.count('init')
export const handler = () => {
  console.group('group')
  console.count('init')
  console.count('request')
  console.time('timer')
  return 'ok'
}
