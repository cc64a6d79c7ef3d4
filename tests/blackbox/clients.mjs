// Node's fetch or its http agent against a server: prints, as JSON, the
// statuses, what came back, and the local port of each request.
// Usage: node clients.mjs fetch|agent URL
import { channel } from 'node:diagnostics_channel'
import http from 'node:http'

const [client, url] = process.argv.slice(2)
const result = { statuses: [], bodies: [], ports: [] }

const withFetch = async (method, path, body) => {
  const response = await fetch(url + path, { method, body })
  return { status: response.status, text: await response.text() }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
const withAgent = (method, path, body) =>
  new Promise((resolve, reject) => {
    const request = http.request(url + path, { method, agent }, response => {
      const port = response.socket.localPort
      let text = ''
      response.setEncoding('utf8')
      response.on('data', part => (text += part))
      response.on('end', () => {
        result.ports.push(port)
        resolve({ status: response.statusCode, text })
      })
    })
    request.on('error', reject)
    request.end(body)
  })

// Which socket carries a request of fetch.
channel('undici:client:sendHeaders').subscribe(({ socket }) => {
  result.ports.push(socket.localPort)
})

const ask = client === 'fetch' ? withFetch : withAgent
for (let i = 0; i < 5; i++) {
  const answers = []
  for (const [method, path, body] of [
    ['GET', '/'],
    ['POST', '/post', JSON.stringify({ i })],
    ['GET', '/throw'],
    ['GET', '/status?204'],
    ['GET', '/status?304'],
    ['GET', '/slow'],
    ['PUT', '/', 'x'.repeat(100000)],
  ]) {
    answers.push(await ask(method, path, body))
    // The pool of fetch takes the connection back a little later.
    await new Promise(setImmediate)
  }
  result.statuses.push(...answers.map(answer => answer.status))
  result.bodies.push(
    JSON.parse(answers[0].text).path,
    JSON.parse(answers[1].text).path,
    JSON.parse(answers[6].text).body,
  )
}
agent.destroy()
console.log(JSON.stringify(result))
