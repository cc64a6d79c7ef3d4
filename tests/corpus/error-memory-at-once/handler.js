export const handler = () => 'x'.repeat(2 ** 29)
