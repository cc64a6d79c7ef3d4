export const handler = () => ({
  statusCode: 200, headers: { 'Content-Type': 'image/gif' }, body: 'R0lGAP8=', isBase64Encoded: true,
})
