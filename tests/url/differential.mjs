// Compares isère's URL with the reference implementation of the standard (the
// npm package whatwg-url) over a list of URLs and random mutations:
//
//   node differential.mjs RUN DIR [CASES [SEED]]
//
// RUN is the program of run.c, DIR the folder that fetch.sh filled. (Node's
// own URL is no oracle: that of Node 20 resolves against opaque bases, keeps
// "/./" in some paths, and dies of an assertion in some setters.) Every
// difference is a failure unless a row of
// `explained` below says why it is right. The cases follow from the seed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const here = dirname(fileURLToPath(import.meta.url));
const [program, folder, count = '20000', seed = '1'] = process.argv.slice(2);
const reference = createRequire(resolve(folder) + '/')('whatwg-url');
globalThis.URL = reference.URL;
vm.runInThisContext(readFileSync(join(here, 'evaluate.js'), 'utf8'));

let state = Number(seed) >>> 0;
function random(limit) { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * limit);
}
const pick = (list) => list[random(list.length)];

const URLS = [
  'http://example.com/', 'https://user:pass@example.com:8443/a/b/../c?d=e&f#g',
  'ftp://u@h:21/%7Ex', 'ws://a.b.c./chat', 'wss://A.B:443/..//.', 'file:///C:/x/../y',
  'file://host/share/f', 'file:C|/a', 'file:///c|/../../b', 'file://localhost/x',
  'file:', 'http://1.2.3.4/', 'http://0x7f.1/', 'http://017700000001', 'http://256',
  'http://4294967296/', 'http://1.2.3.4.5/', 'http://1.2.3.09/', 'http://a.0x/',
  'http://0x.0x.0/', 'http://[::1]:80/', 'http://[2001:DB8:0:0:1:0:0:1]/x',
  'http://[1:2:3:4:5:6:1.2.3.4]/', 'http://[::ffff:1.2.3.4]', 'http://[1::2::3]/',
  'http://[1:2:3:4:5:6:7::]/', 'http://[::1%25eth0]/', 'http://[0:0:1:0:0:0:1:0]/',
  'foo://h%20x/p?q#f', 'foo:opaque path?q#f', 'foo:/a//b/..', 'foo:/..//x', 'foo:///',
  'foo://', 'foo://[::1]:99/', 'foo://u:p@:8/', 'mailto:a@b.c', 'data:text/html,<p>',
  'javascript:alert(1)', 'blob:https://a.b/c-d', 'about:blank', 'non-special:a b',
  'http://a@b@c:d@e/', 'http://a:b:c@d/', 'http://:@h/', 'http://@/', 'http://h:/',
  'http://h:65536/', 'http://h:00080/', 'http:\\\\x\\y', 'http:a', 'https:/a',
  'http://a%2eb/', 'http://%41/', 'http://a%00b/', 'http://a<b', "http://a/?'\"<>`{}",
  'http://a/\t\n\rb', ' \u0000http://a ', 'http://a/é?é#é', '//x/y', '/x', '\\x', '?q',
  '#f', '', '.', '..', './..', 'a/./b/%2e%2E/c', '///x', 'C|/x', '/C:/x', 'x:y', '%2e',
  'http://h/%zz%4?%zz#%', 'http://h/a;b=c,d', 'HTTP://H/', 'h t t p://a', '1http://a',
];
const BITS = ['/', '//', '\\', ':', '@', '?', '#', '.', '..', '%2e', '%', '%41', '[',
  ']', '|', ' ', '\t', '\n', '\u0000', '\u007f', 'a', 'Z', '0', '0x', '9', '255', ':80',
  ':443', 'C:', 'c|', 'http:', 'file:', 'foo:', 'localhost', '::', '1.2.3.4', "'", '"',
  '<', '>', '`', '{', '}', '&', '=', '+', ';', '$', '!', '*', '~', '-', '_', '(', ',',
  'é', '\ud83d\ude00', '\ud800', '\udc00', '\ufeff'];
const KEYS = ['protocol', 'username', 'password', 'host', 'hostname', 'port',
  'pathname', 'search', 'hash', 'append', 'sort', 'delete'];

function mutate(text) {
  for (let n = random(4); n > 0; n--) {
    const at = random(text.length + 1);
    const cut = random(3) === 0 ? random(3) : 0;
    text = text.slice(0, at) + (random(5) ? pick(BITS) : pick(URLS).slice(random(9))) +
      text.slice(at + cut);
  }
  return text;
}

function value() {
  let text = '';
  for (let n = random(5); n > 0; n--) {
    text += pick(BITS);
  }
  return random(4) ? text : mutate(pick(URLS)).slice(random(12));
}

function makeCase() {
  const base = random(2) ? mutate(pick(URLS.slice(0, 46))) : null;
  const changes = [];
  for (let n = random(3); n > 0; n--) {
    changes.push([pick(KEYS), value()]);
  }
  return [mutate(pick(URLS)), base, ...changes];
}

// Positions in what evaluate.js returns.
const [HREF, ORIGIN, , USERNAME, PASSWORD] = [0, 1, 2, 3, 4];
const without = (results, ...places) => JSON.stringify(results.map((result) =>
  (Array.isArray(result) ? result.filter((_, i) => !places.includes(i)) : result)));

const explained = {
  // No IDNA: domains outside of ASCII are refused, also percent-encoded ones.
  idna: (test, ours) => {
    const hosts = test.slice(2).filter(([key]) => key.startsWith('host'));
    const beyond = (list) => /[^\0-\x7f]|%[89a-f]/i.test(list.join());
    return (ours[0] === 'TypeError' && beyond(test.slice(0, 2))) || beyond(hosts);
  },
  // The same in the URL that is a blob's path.
  blob: (test, ours, theirs) => /blob:.*([^\0-\x7f]|%[89a-f])/i.test(test.join()) &&
    without(ours, ORIGIN) === without(theirs, ORIGIN),
  // The reference counts UTF-16 code units where the standard counts code
  // points: a character beyond U+FFFF before the @ costs another one.
  pairs: (test, ours, theirs) => /[\u{10000}-\u{10ffff}].*@/su.test(test.join()) &&
    without(ours, HREF, USERNAME, PASSWORD) === without(theirs, HREF, USERNAME, PASSWORD),
};

const cases = URLS.flatMap((url) => [[url, null], ...URLS.map((b) => [url, b])]);
while (cases.length < URLS.length * (URLS.length + 1) + Number(count)) {
  cases.push(makeCase());
}
const scratch = mkdtempSync(join(tmpdir(), 'isere-url-'));
const file = join(scratch, 'cases');
writeFileSync(file, cases.map((test) => JSON.stringify(test)).join('\n'));
const answers = execFileSync(program, [join(here, 'evaluate.js'), file],
  { encoding: 'utf8', maxBuffer: 1 << 30 }).split('\n').filter((line) => line);
rmSync(scratch, { recursive: true });

let equal = 0;
let failures = 0;
const reasons = {};
cases.forEach((test, i) => {
  const ours = JSON.parse(answers[i] ?? '["no answer"]');
  const theirs = JSON.parse(JSON.stringify(evaluate(test)));
  if (JSON.stringify(ours) === JSON.stringify(theirs)) {
    equal++;
    return;
  }
  const why = Object.keys(explained).find((key) => explained[key](test, ours, theirs));
  if (why) {
    reasons[why] = (reasons[why] ?? 0) + 1;
    return;
  }
  failures++;
  if (failures <= 20) {
    console.log(`FAIL ${JSON.stringify(test)}\n  isère ${JSON.stringify(ours)}\n` +
      `  reference ${JSON.stringify(theirs)}`);
  }
});
console.log(`explained differences: ${JSON.stringify(reasons)}`);
console.log(`${equal} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
