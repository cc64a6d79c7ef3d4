export const handler = () => {
  console.log('plain', 1, { a: [1, 2] })
  console.info('from info')
  console.warn('from warn')
  console.error(new Error('from error'))
  console.log('one\nline \x1b[31m')
  return 'logged'
}
