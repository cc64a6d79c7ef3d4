// What URL and URLSearchParams make of a case, as a plain value. The same
// file runs in isère (run.c, with a file of cases, one JSON value a line) and
// in Node (differential.mjs).
//
// A case is [input, base or null, [setter, value]...].

globalThis.evaluate = function (test) {
  const [input, base, ...changes] = test;
  let url;
  try {
    url = base === null ? new URL(input) : new URL(input, base);
  } catch (error) {
    return [error instanceof TypeError ? 'TypeError' : String(error)];
  }
  const result = [];
  const note = () => result.push([url.href, url.origin, url.protocol,
    url.username, url.password, url.host, url.hostname, url.port, url.pathname,
    url.search, url.hash, [...url.searchParams]]);
  note();
  for (const [key, value] of changes) {
    if (key === 'append') {
      url.searchParams.append(value, value);
    } else if (key === 'sort') {
      url.searchParams.sort();
    } else if (key === 'delete') {
      url.searchParams.delete(value);
    } else {
      url[key] = value;
    }
    note();
  }
  return result;
};

if (globalThis.files) {
  for (const line of files[0].split('\n')) {
    if (line !== '') {
      print(JSON.stringify(evaluate(JSON.parse(line))));
    }
  }
}
