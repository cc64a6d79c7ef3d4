import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const body = JSON.stringify({ k: 'value', p: request.url })
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
})
server.listen(Number(process.argv[2]), '127.0.0.1')
