export const handler = ({ rawBody }) => `${rawBody.length}`
