/* Checks what clients send, and says all that is wrong with it at once. */

const known = new Set(['quantity', 'express'])

const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/* event.body is parsed when it is a JSON object or array, and text otherwise.
 * Gives {order, problems}; the order counts only if there are no problems. */
export const checkQuote = (body, part) => {
  const problems = []
  if (!isObject(body)) {
    return { problems: ['the body must be a JSON object'] }
  }
  const { quantity, express = false } = body
  if (!Number.isInteger(quantity) || quantity < 1) {
    problems.push('quantity must be a whole number, 1 or more')
  } else if (quantity > part.stock) {
    problems.push(`quantity: only ${part.stock} are in stock`)
  }
  if (typeof express !== 'boolean') {
    problems.push('express must be true or false')
  }
  for (const name of Object.keys(body)) {
    if (!known.has(name)) {
      problems.push(`${name} is not known`)
    }
  }
  return { order: { quantity, express }, problems }
}
