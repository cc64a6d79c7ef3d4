const ready = await new Promise(resolve => setTimeout(resolve, 10, 'ready'))
let requests = 0
export const handler = () => `${ready} ${++requests}`
