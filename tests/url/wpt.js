// Runs the published web-platform-tests data for URLs.
// files: urltestdata.json, setters_tests.json, expected failures.
// Every case must do as the data says, except for those that the list of
// expected failures names; of these each must fail, or it does not belong
// there any more.

const [urls, setters] = files.slice(0, 2).map((text) => JSON.parse(text));
const expected = new Map();
for (const line of files[2].split('\n')) {
  if (line !== '' && !line.startsWith('#')) {
    expected.set(line, 0);
  }
}

let passed = 0;
let failures = 0;

// Runs a case; `name` is how the list of expected failures calls it.
function check(name, test) {
  let problem = null;
  try {
    problem = test();
  } catch (error) {
    problem = String(error);
  }
  if (expected.has(name)) {
    expected.set(name, expected.get(name) + (problem === null ? 0 : 1));
    return;
  }
  if (problem === null) {
    passed++;
    return;
  }
  failures++;
  print(`FAIL ${name}\n     ${problem}`);
}

function differs(object, wanted, keys) {
  for (const key of keys) {
    if (key in wanted && object[key] !== wanted[key]) {
      const [is, should] = [object[key], wanted[key]].map(JSON.stringify);
      return `${key} is ${is} instead of ${should}`;
    }
  }
  return null;
}

const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host',
  'hostname', 'port', 'pathname', 'search', 'hash'];

function construct(test) {
  return test.base === null || test.base === undefined
    ? new URL(test.input) : new URL(test.input, test.base);
}

for (const test of urls) {
  if (typeof test === 'string') {
    continue;
  }
  const base = test.base === null || test.base === undefined ? [] : [test.base];
  const name = `parse ${JSON.stringify([test.input, ...base])}`;
  check(name, () => {
    let url = null;
    try {
      url = construct(test);
    } catch (error) {
      if (!(error instanceof TypeError)) {
        return `throws ${error}`;
      }
    }
    if (URL.canParse(test.input, ...base) !== (url !== null) ||
        (URL.parse(test.input, ...base) === null) !== (url === null)) {
      return 'canParse, parse and the constructor do not agree';
    }
    if (url === null || test.failure) {
      return (url === null) === !!test.failure ? null
        : url ? `gives ${url.href} instead of failing` : 'fails';
    }
    if (new URL(url.href).href !== url.href) {
      return 'does not survive another round';
    }
    if ('searchParams' in test &&
        url.searchParams.toString() !== test.searchParams) {
      return `searchParams are ${url.searchParams}`;
    }
    return differs(url, test, PARTS);
  });
}

for (const key of Object.keys(setters)) {
  if (key === 'comment') {
    continue;
  }
  for (const test of setters[key]) {
    const value = JSON.stringify(test.new_value);
    check(`set ${key} ${JSON.stringify(test.href)} ${value}`, () => {
      const url = new URL(test.href);
      url[key] = test.new_value;
      return differs(url, test.expected, Object.keys(test.expected));
    });
  }
}

let known = 0;
for (const [name, count] of expected) {
  if (count === 0) {
    failures++;
    print(`FAIL expected to fail, but passes or does not exist: ${name}`);
  }
  known += count;
}
print(`${passed} passed, ${failures} failed, ${known} expected failures`);
globalThis.failed = failures > 0 || passed < 500;
