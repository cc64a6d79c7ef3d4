export const handler = async () => {
  let n = 2n ** 100n
  n--
  return [BigInt.asUintN(64, -1n), n, -(2n ** 70n) < -3.5].map(String)
}
