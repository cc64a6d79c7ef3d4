// What lies between -1 and 0 is where the search begins: at 0.
export const handler = async () => {
  const bytes = new Uint8Array([5, 6, 7, 5]).subarray(0, 3)
  return [bytes.lastIndexOf(5, -1e-20), bytes.lastIndexOf(5, -0.5),
    bytes.lastIndexOf(7, -0.5), bytes.lastIndexOf(7, -1)]
}
