export const handler = async event => {
  if (event.path === '/timer') setTimeout(() => {}, 20)
}
