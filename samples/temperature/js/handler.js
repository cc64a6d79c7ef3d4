// Reads the chip's temperature through a C function: src/temperature.c.
import { read } from 'isere:temperature'

export const handler = () => {
  const celsius = read()
  return { celsius, fahrenheit: celsius * 1.8 + 32 }
}
