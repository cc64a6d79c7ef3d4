export const name = 'early'
