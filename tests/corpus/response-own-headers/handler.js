// These are the server's business; a handler's are dropped.
export const handler = () => ({
  headers: {
    'Content-Length': 999, 'transfer-encoding': 'chunked', Connection: 'upgrade', date: 'yesterday', SERVER: 'other', 'X-Kept': 'yes',
  },
  body: 'four',
})
