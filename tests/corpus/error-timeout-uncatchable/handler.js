export const handler = () => {
  for (;;) {
    try { for (;;); } catch {} finally { continue }
  }
}
