import { equal, throws } from './assert.js'

equal(btoa(''), '')
equal(btoa('f'), 'Zg==')
equal(btoa('fo'), 'Zm8=')
equal(btoa('foobar'), 'Zm9vYmFy')
equal(btoa('\xff\xfe\x00'), '//4A')
equal(btoa(undefined), 'dW5kZWZpbmVk')
equal(btoa(123), 'MTIz')
throws(() => btoa('\u0100'), 'InvalidCharacterError', 5)
throws(() => btoa('€'), 'InvalidCharacterError', 5)
throws(() => btoa('\ud800'), 'InvalidCharacterError', 5)
throws(() => btoa(), 'TypeError')

equal(atob(''), '')
equal(atob('Zg=='), 'f')
equal(atob('Zg'), 'f')
equal(atob('Zm8'), 'fo')
equal(atob(' Z g\n= \t=\f\r'), 'f')
equal(atob('//4A'), '\xff\xfe\x00')
equal(atob('ab\t'), 'i')
equal(atob(null), '\x9e\xe9\x65')
for (const bad of ['Z', 'Zg=', '=', '==', '====', 'Zg===', 'Zm8==', 'Zm9v=', 'Zg=a', 'Z=g=', 'Zm9vY', 'a-b_', 'Zgé=', '\0', 'Zm9v\u000b']) {
  throws(() => atob(bad), 'InvalidCharacterError', 5)
}

// All bytes, and a large one.
let all = ''
for (let i = 0; i < 256; i++) all += String.fromCharCode(i)
equal(atob(btoa(all)), all)
const large = all.repeat(1024)
equal(atob(btoa(large)), large)
equal(btoa(large).length, 349528)
