// Takes the readings that a sensor sends, [{ "celsius": 21.5 }, ...], corrects
// them, and answers with a summary.
interface Reading {
  celsius: number
}

const offset = Number(process.env.OFFSET ?? 0)
const high = Number(process.env.HIGH ?? 30)

const isReading = (value: any): value is Reading =>
  typeof value?.celsius === 'number' && value.celsius > -60 && value.celsius < 150

export const handler: Isere.Handler = (event) => {
  const readings: unknown = event.body
  if (!Array.isArray(readings) || readings.length === 0 || !readings.every(isReading)) {
    return { statusCode: 400, body: { message: 'a list of { "celsius": number } is expected' } }
  }
  const values = readings.map(({ celsius }) => celsius + offset)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const max = Math.max(...values)
  if (max > high) console.warn('too warm:', max)
  return { count: values.length, mean: Number(mean.toFixed(2)), max, alarm: max > high }
}
