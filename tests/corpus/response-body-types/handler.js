const bodies = {
  '/string': 'text ü', '/empty': '', '/null': null, '/undefined': undefined, '/number': 1.5, '/true': true, '/array': [1, 'a'],
  '/date': new Date(0), '/buffer': new Uint8Array([0, 255, 10]).buffer, '/view': new Uint8Array([1, 65, 66, 2]).subarray(1, 3),
  '/words': new Uint16Array([0x4241, 0x4443]), '/tojson': { toJSON: () => 'from toJSON' }, '/boxed': { a: undefined, b: [undefined] },
}
export const handler = ({ path }) => ({ statusCode: 200, body: bodies[path] })
