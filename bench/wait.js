// Awaits a timer of a second.
export const handler = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return { k: 'value', p: event.path }
}
