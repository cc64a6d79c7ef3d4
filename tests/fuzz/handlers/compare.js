// Compares what programs give in the engine with what they give in Node.
//
//   node compare.js PROGRAM SECONDS FOLDER [SEED]
//
// PROGRAM is build/fuzz/fuzz/fuzz_handlers, which makes the programs and runs
// them. A program that gives something else here goes to FOLDER/SEED.js with
// both results, unless the difference is one of those below.
//
//   node compare.js --node
//
// is the other side: it reads programs, as lines of JSON, and writes what each
// gives in Node. Programs fill memory and hang there, so this is a process of
// its own with little memory, which is ended when a program takes too long, and
// after some programs in any case.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const readline = require('readline');
const vm = require('vm');

// The time that a value notes, which the engine takes to be 2023-11-14.
const time = value => Date.parse(value.replaceAll('"', ''));

// Where the two differ by right. Each has its reason; a finding that fits none
// is a fault of the engine or belongs here with a reason. `test` gets the values
// that differ first (of the engine and of Node) and the statement.
const differences = [
  { why: 'the text of functions that Function and its like make is up to the engine (ECMA-262 20.2.1.1.1: source text)',
    test: (a, b) => /anonymous/.test(a) && /anonymous/.test(b) },
  { why: 'messages of errors are up to the engine',
    test: (a, b) => /Error: /.test(a) && /Error: /.test(b) },
  { why: 'the engine writes no name behind a time zone',
    test: (a, b) => b.includes(' (Coordinated Universal Time)') &&
      (a === b.replaceAll(' (Coordinated Universal Time)', '') || /^-?\d+$/.test(a)) },
  { why: 'memory or stack ends earlier in the engine: InternalError',
    test: a => a.startsWith('E:InternalError') },
  { why: 'the last digits in a radix other than 10 are an approximation (ECMA-262 6.1.6.1.20)',
    test: (a, b, text) => /toString\((?!10|\))/.test(text) && /^"-?[0-9a-z.]{15,}"$/.test(a) && a.slice(0, 14) === b.slice(0, 14) },
  { why: 'strings that are no dates of ECMA-262 are read as the engine likes',
    test: (a, b, text) => /Date|u0/.test(text) && [a, b].every(v => /^D?(NaN|-?\d+)$/.test(v)) },
  { why: 'sloppy functions of V8 have properties of their own, arguments and caller, which ECMA-262 17 leaves to engines',
    test: (a, b) => /arguments.*caller/.test(b) && !/caller/.test(a) },
  { why: 'the names of built-in functions\' properties are in an order of the engine\'s (ECMA-262 10.1.11.1: that of their making)',
    test: (a, b) => [a, b].every(v => /^\[\d\d\|0"(length|constructor)",1"/.test(v)) },
  { why: 'the current time',
    test: (a, b) => Math.abs(time(a) - 1.7e12) < 1e8 && Math.abs(time(b) - Date.now()) < 1e8 },
];

const DONE = 0, SYNTAX = 1, STOPPED = 3;
const MEMORY_KB = 1500000; // of a process of Node's
const PROGRAMS = 100; // that it runs
const PROGRAM_MS = 5000; // for one of them

// ---- Node's side ----

// `detach` is as the engine's own: not a constructor, and not from another
// realm. The text of native functions is the engine's, too, and
// Error.stackTraceLimit is not enumerable. The other functions here are those
// where V8 is known not to follow ECMA-262:
//   - Object.seal makes elements of typed arrays not configurable (10.4.5.3)
//   - %TypedArray%.prototype.with converts the value first (23.2.3.36), and
//     fill without a start takes no end (23.2.3.9)
//   - setters of dates convert only the first argument when the date is NaN
//     (21.4.4.20 and on)
const prepare = `(() => {
  const { apply, getOwnPropertyDescriptor: own } = Reflect;
  const natives = [];
  const includes = Array.prototype.includes;
  const define = (object, methods) => {
    for (const name of Object.keys(methods)) {
      Object.defineProperty(object, name, { value: methods[name], writable: true, enumerable: false, configurable: true });
      natives[natives.length] = methods[name];
    }
  };
  define(globalThis, { detach(buffer) { try { %ArrayBufferDetach(buffer) } catch {} } });
  Object.defineProperty(Error, 'stackTraceLimit', { enumerable: false });

  const source = Function.prototype.toString;
  const isNative = /\\{ \\[native code\\] \\}$/;
  const exec = RegExp.prototype.exec;
  define(Function.prototype, { toString() {
    const text = apply(source, this, []);
    if (apply(exec, isNative, [text]) === null && !apply(includes, natives, [this])) return text;
    const name = %IsJSProxy(this) ? undefined : own(this, 'name')?.value;
    return 'function ' + (typeof name === 'string' ? name : '') + '() {\\n    [native code]\\n}';
  } });

  const { seal } = Object;
  const { isView } = ArrayBuffer;
  const typed = Object.getPrototypeOf(Int8Array.prototype);
  const length = own(typed, 'length').get;
  define(Object, { seal(value) {
    if (isView(value) && !(value instanceof DataView) && apply(length, value, [])) {
      Object.preventExtensions(value);
      throw new TypeError('sealed');
    }
    return seal(value);
  } });

  const { with: change, keys: validate, fill } = typed;
  const kind = own(typed, Symbol.toStringTag).get;
  const { asIntN } = BigInt;
  define(typed, {
    with(index, value) {
      apply(validate, this, []);
      index = +index;
      value = apply(kind, this, [])[0] === 'B' ? asIntN(64, value) : +value;
      try {
        apply(validate, this, []);
      } catch {
        throw new RangeError('detached');
      }
      return apply(change, this, [index, value]);
    },
    fill(value, start = 0, end) { return apply(fill, this, [value, start, end]); },
  });
  Object.defineProperty(typed.fill, 'length', { value: 1, configurable: true });

  const time = Date.prototype.getTime;
  for (const name of Object.getOwnPropertyNames(Date.prototype)) {
    const set = Date.prototype[name];
    if (!/^set/.test(name) || /FullYear/.test(name) || set.length < 2) continue;
    const method = { [name](...args) {
      if (!isNaN(apply(time, this, []))) return apply(set, this, args);
      for (let i = 0; i < args.length && i < set.length; i++) +args[i];
      return NaN;
    } }[name];
    Object.defineProperty(method, 'length', { value: set.length, configurable: true });
    define(Date.prototype, { [name]: method });
  }
})()`;

// What Node makes of it: the noted values, or a word.
function evaluate(job) {
  const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
  vm.runInContext(prepare, context);
  let script;
  try {
    script = new vm.Script((job.strict ? '"use strict";' : '') + job.program);
  } catch {
    return 'syntax';
  }
  try {
    script.runInContext(context, { timeout: 2000 });
  } catch (e) {
    if (e && e.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'stopped';
  }
  try {
    return JSON.parse(vm.runInContext('JSON.stringify(L)', context, { timeout: 2000 }));
  } catch {
    return 'nothing';
  }
}

function answer() {
  // Programs leave rejected promises behind.
  process.on('unhandledRejection', () => {});
  process.on('uncaughtException', () => {});
  readline.createInterface({ input: process.stdin }).on('line', line => {
    fs.writeSync(1, JSON.stringify(evaluate(JSON.parse(line))) + '\n');
  });
}

// The process of Node's that runs programs now.
let node;

function startNode() {
  const child = spawn('sh', ['-c', `ulimit -d ${MEMORY_KB}; exec "$@"`, 'sh', process.execPath,
    '--allow-natives-syntax', '--max-old-space-size=256', __filename, '--node'],
    { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {}); // it ended
  node = { child, left: PROGRAMS, answered: null };
  const mine = node;
  const give = line => {
    const answered = mine.answered;
    mine.answered = null;
    if (answered) answered(line);
  };
  readline.createInterface({ input: child.stdout }).on('line', give);
  child.on('close', () => { mine.left = 0; give(null); });
}

function endNode() {
  if (node) node.child.kill('SIGKILL');
  node = null;
}

// What a program gives in Node: the noted values or a word; 'stopped' when the
// process did not outlive it.
async function inNode(job) {
  if (!node) startNode();
  const mine = node;
  const line = await new Promise(resolve => {
    mine.answered = resolve;
    const timer = setTimeout(() => mine.child.kill('SIGKILL'), PROGRAM_MS);
    mine.answered = line => { clearTimeout(timer); resolve(line); };
    mine.child.stdin.write(JSON.stringify({ strict: job.strict, program: job.program }) + '\n');
  });
  if (--mine.left <= 0) endNode();
  return line === null ? 'stopped' : JSON.parse(line);
}

// ---- the comparison ----

let programs = 0;
let stopped = 0;
let findings = 0;
const known = new Map();

// Where two lists of values differ first, and the statement; undefined when they
// don't.
function difference(job, had, right) {
  if (JSON.stringify(had) === JSON.stringify(right)) return undefined;
  if (!Array.isArray(had) || !Array.isArray(right)) return { a: String(had), b: String(right), where: '' };
  let i = 0;
  while (had[i] === right[i]) i++;
  // The statements say where they begin, with their number.
  const mark = had.slice(0, i).findLast(v => typeof v === 'number');
  const where = job.program.split('\n').find(line => line.startsWith(`try{L[L.length]=${mark};`));
  return { a: String(had[i]), b: String(right[i]), where: where || '' };
}

// A program whose values are too long has no result: its line ends early.
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { end: STOPPED };
  }
}

async function judge(job, folder) {
  programs++;
  // Time or memory ended; or the list of values is not one any more.
  const right = job.end !== DONE && job.end !== SYNTAX ? 'stopped' : await inNode(job);
  if (right === 'stopped' || right === 'nothing') {
    stopped++;
    return;
  }
  const d = difference(job, job.end === SYNTAX ? 'syntax' : job.result, right);
  if (!d) return;
  const reason = differences.find(r => r.test(d.a, d.b, d.where || job.program));
  if (reason) {
    known.set(reason.why, (known.get(reason.why) || 0) + 1);
    return;
  }
  findings++;
  fs.writeFileSync(`${folder}/${job.seed}.js`,
    `// engine: ${d.a}\n// node:   ${d.b}\n// in:     ${d.where || 'the beginning'}\n${job.strict ? '"use strict";\n' : ''}${job.program}`);
}

// The programs end with the first that crashes; then the next ones are made.
async function run(program, folder, seed, end) {
  const child = spawn(program, ['--compare', String(seed), '1000'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', text => { said = (said + text).slice(0, 100000); });
  const ended = new Promise(resolve => child.on('close', code => resolve(code !== 0)));
  let count = 0;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    count++;
    await judge(parse(line), folder);
    if (Date.now() > end) {
      child.kill('SIGKILL');
      return count;
    }
  }
  if (await ended) {
    findings++;
    fs.writeFileSync(`${folder}/crash-${seed + count}.log`, said);
    count++;
  }
  return count;
}

async function main([program, seconds, folder, firstSeed]) {
  fs.mkdirSync(folder, { recursive: true });
  const end = Date.now() + seconds * 1000;
  let seed = Number(firstSeed || Date.now() % 1e9);
  while (Date.now() < end) seed += await run(program, folder, seed, end);
  endNode();
  console.log(`fuzz-handlers: compare  ${String(programs).padStart(8)} programs, ${seconds} s, ${findings} findings`);
  console.error(`${stopped} programs did not end by themselves`);
  for (const [why, count] of known) console.error(`${count} differences: ${why}`);
}

if (process.argv[2] === '--node') {
  answer();
} else {
  main(process.argv.slice(2));
}
