export async function handler(event) {
  await null
  return event.path
}
