// `/slow` computes for 5 ms, everything else answers at once.
export const handler = (event) => {
  if (event.path === '/slow') {
    const start = performance.now()
    while (performance.now() - start < 5);
  }
  return { k: 'value', p: event.path }
}
