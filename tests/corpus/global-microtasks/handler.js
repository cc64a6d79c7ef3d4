export const handler = async () => {
  const order = []
  setTimeout(() => order.push('timer'))
  queueMicrotask(() => order.push('microtask'))
  Promise.resolve().then(() => order.push('promise'))
  order.push('now')
  await new Promise(resolve => setTimeout(resolve, 5))
  return order
}
