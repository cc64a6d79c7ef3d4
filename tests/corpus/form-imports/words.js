export const hello = 'hello'
export const name = 'isere'
