function* numbers() {
  for (const x of (yield 1)) yield x
}

export const handler = async () => {
  const g = numbers()
  return [g.next().value, g.next([2, 3]).value, g.next().value, g.return(4).value]
}
