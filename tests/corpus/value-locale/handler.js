export const handler = async () => {
  const date = new Date(951782400123)
  const zone = (timeZone) => date.toLocaleString('en-US', { timeZone })
  let error
  try {
    zone('Mars/Olympus')
  } catch (e) {
    error = e.name
  }
  return [
    date.toLocaleString(), zone('UTC'), zone('+05:30'), zone('-08:00'), error,
    date.toLocaleDateString('en-US', { dateStyle: 'full' }),
    date.toLocaleTimeString('en-US', { timeStyle: 'short', hourCycle: 'h23' }),
    (1234567.891).toLocaleString('en-US'), (10n ** 20n).toLocaleString(),
    (1.005).toLocaleString('en-US', { style: 'currency', currency: 'USD' }),
    [0.256, -2].toLocaleString('en-US', { style: 'percent' }),
  ]
}
