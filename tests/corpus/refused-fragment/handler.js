export const handler = () => 'must not be reached'
