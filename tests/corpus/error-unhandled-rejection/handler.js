export const handler = async () => {
  Promise.reject(new Error('nobody looks'))
  return 'fine'
}
