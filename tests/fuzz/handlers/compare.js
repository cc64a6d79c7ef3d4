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
// that differ first (of the engine and of Node) and the program.
const differences = [
  { why: 'the text of a native function and the message of an error are up to the engine',
    test: (a, b) => /\[native code|Error: |E:/.test(a + b) && a !== undefined && b !== undefined && strip(a) === strip(b) },
];

function strip(text) {
  return text.replace(/\s+/g, ' ').replace(/(\w*Error: )[^"\\,}]*/g, '$1');
}

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
  for (const d of differences) {
    if (d.test(String(a), String(b), job.program)) {
      known.set(d.why, (known.get(d.why) || 0) + 1);
      return;
    }
  }
  findings++;
  fs.writeFileSync(`${folder}/${job.seed}.js`,
    `// value ${i}\n// engine: ${a}\n// node:   ${b}\n${job.strict ? '"use strict";\n' : ''}${job.program}`);
}

// The programs end with the first that crashes; then the next ones are made.
async function run(seed, end) {
  const child = spawn(program, ['--compare', String(seed), '1000'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', text => { said += text; });
  const ended = new Promise(resolve => child.on('close', resolve));
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
