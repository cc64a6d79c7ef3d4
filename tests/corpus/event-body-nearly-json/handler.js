// What is not quite JSON, as the engine reads it, is text.
export const handler = ({ body, rawBody }) => [typeof body, body === rawBody]
