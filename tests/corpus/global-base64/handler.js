export const handler = () => {
  const errors = []
  for (const f of [() => btoa('€'), () => atob('a')]) {
    try { f() } catch (e) { errors.push(e.name) }
  }
  return [btoa('isère'), atob('aXPocmU='), atob(' aQ '), ...errors]
}
