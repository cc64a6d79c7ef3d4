// Compares what programs give in the engine with what they give in Node.
//
//   node compare.js PROGRAM SECONDS FOLDER [SEED]
//
// PROGRAM is build/fuzz/fuzz/fuzz_handlers, which makes the programs and runs
// them. A program that gives something else here goes to FOLDER/SEED.js with
// both results, unless the difference is one of those below.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const readline = require('readline');
const vm = require('vm');

// Where the two differ by right. Each has its reason; a finding that fits none
// is a fault of the engine or belongs here with a reason. `test` gets the values
// that differ first (of the engine and of Node) and the statement.
const differences = [
  { why: 'the text of native functions and of generators\' constructors is up to the engine',
    test: (a, b) => /\[native code/.test(a) || /\[native code/.test(b) },
  { why: 'messages of errors are up to the engine',
    test: (a, b) => /Error: /.test(a) && /Error: /.test(b) },
  { why: 'the engine writes no name behind a time zone',
    test: (a, b) => b.includes(' (Coordinated Universal Time)') &&
      (a === b.replaceAll(' (Coordinated Universal Time)', '') || /^-?\d+$/.test(a)) },
  { why: 'memory or stack ends earlier in the engine: InternalError',
    test: a => a.startsWith('E:InternalError') },
  { why: 'the last digits in a radix other than 10 are an approximation (ECMA-262 6.1.6.1.20)',
    test: (a, b, text) => /toString\((?!10|\))/.test(text) && /^"-?[0-9a-z.]{15,}"$/.test(a) && a.slice(0, 14) === b.slice(0, 14) },
  { why: 'V8 seals typed arrays, whose elements can\'t be made not configurable (ECMA-262 10.4.5.3)',
    test: (a, b, text) => /Object\.seal/.test(text) && a === 'E:TypeError' },
  { why: 'properties of built-in objects are in an order of the engine\'s',
    test: (a, b) => [a, b].every(v => /constructor!fn|isPrototypeOf!fn/.test(v)) },
  { why: 'strings that are no dates of ECMA-262 are read as the engine likes',
    test: (a, b, text) => /Date|u0/.test(text) && [a, b].every(v => /^D?(NaN|-?\d+)$/.test(v)) },
];

const DONE = 0, SYNTAX = 1, THREW = 2;
const [program, seconds, folder, firstSeed] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });
// Programs leave rejected promises behind.
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});

// What Node makes of it: the noted values, or a word.
function ours(job) {
  const context = vm.createContext({ detach }, { microtaskMode: 'afterEvaluate' });
  const source = (job.strict ? '"use strict";' : '') + job.program;
  let script;
  try {
    script = new vm.Script(source);
  } catch {
    return 'syntax';
  }
  try {
    script.runInContext(context, { timeout: 2000 });
  } catch (e) {
    if (e && e.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'stopped';
  }
  try {
    return JSON.parse(vm.runInContext('JSON.stringify(L)', context));
  } catch {
    return 'nothing';
  }
}

function detach(buffer) {
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch {}
}

let programs = 0;
let findings = 0;
const known = new Map();

function judge(job) {
  programs++;
  if (job.end !== DONE && job.end !== SYNTAX) return; // time or memory ended
  const right = ours(job);
  if (right === 'stopped' || right === 'nothing') return;
  const had = job.end === SYNTAX ? 'syntax' : job.result;
  if (JSON.stringify(had) === JSON.stringify(right)) return;
  let i = 0;
  if (Array.isArray(had) && Array.isArray(right)) {
    while (had[i] === right[i]) i++;
  }
  const a = Array.isArray(had) ? had[i] : had;
  const b = Array.isArray(right) ? right[i] : right;
  // The statements say where they begin, with their number.
  const mark = Array.isArray(had) ? had.slice(0, i).findLast(v => typeof v === 'number') : undefined;
  const where = job.program.split('\n').find(line => line.startsWith(`try{L[L.length]=${mark};`));
  for (const d of differences) {
    if (d.test(String(a), String(b), where || job.program)) {
      known.set(d.why, (known.get(d.why) || 0) + 1);
      return;
    }
  }
  findings++;
  fs.writeFileSync(`${folder}/${job.seed}.js`,
    `// engine: ${a}\n// node:   ${b}\n// in:     ${where || 'the beginning'}\n${job.strict ? '"use strict";\n' : ''}${job.program}`);
}

// The programs end with the first that crashes; then the next ones are made.
async function run(seed, end) {
  const child = spawn(program, ['--compare', String(seed), '1000'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', text => { said += text; });
  const ended = new Promise(resolve => child.on('close', code => resolve(code !== 0)));
  let count = 0;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    count++;
    judge(JSON.parse(line));
    if (Date.now() > end) {
      child.kill();
      return;
    }
  }
  if (await ended) {
    findings++;
    fs.writeFileSync(`${folder}/crash-${seed + count}.log`, said);
    count++;
  }
  return count;
}

(async () => {
  const end = Date.now() + seconds * 1000;
  let seed = Number(firstSeed || Date.now() % 1e9);
  while (Date.now() < end) seed += (await run(seed, end)) || 0;
  console.log(`fuzz-handlers: compare  ${String(programs).padStart(8)} programs, ${seconds} s, ${findings} findings`);
  for (const [why, count] of known) console.error(`${count} differences: ${why}`);
})();
