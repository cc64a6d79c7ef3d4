#!/usr/bin/env python3
"""Runs test262 and compares what fails with the lists of known failures:

  tests/test262/run.py PROGRAM CHECKOUT [--lists DIR] [--write] [PATH...]

PROGRAM is what run262.c becomes, CHECKOUT a folder with test262's `harness`
and `test`. A PATH below `test` runs only what is there (default: `language`
and `built-ins`). A failure that is not in known-failures.txt fails, and so
does a test in it that passes or that is none: the list only gets shorter.
--write writes the list of what fails to standard output instead.

Status: 0, 1 when the lists are not right, 2 when it could not run.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SUITES = ['language', 'built-ins']


def items(front, key):
    """The items of a list of the front matter, which has two forms."""
    flow = re.search(rf'^{key}:\s*\[(.*?)\]', front, re.S | re.M)
    if flow:
        return [item.strip() for item in flow[1].split(',') if item.strip()]
    block = re.search(rf'^{key}:[ \t]*\n((?:[ \t]*-.*\n?)+)', front, re.M)
    return [line.strip(' \t-') for line in block[1].splitlines()] if block else []


class Test:
    """A file of the suite: what its front matter asks for."""

    def __init__(self, path, name):
        text = path.read_bytes().decode('utf-8', 'replace')
        front = re.search(r'/\*---(.*?)---\*/', text, re.S)
        front = re.sub(r'\r\n?', '\n', front[1] if front else '')
        self.path, self.name = path, name
        self.flags = set(items(front, 'flags'))
        self.features = items(front, 'features')
        self.includes = items(front, 'includes')
        negative = re.search(r'^negative:[ \t]*\n((?:[ \t]+.*\n?)+)', front, re.M)
        found = dict(re.findall(r'(phase|type):[ \t]*(\w+)', negative[1])) if negative else {}
        self.phase, self.type = found.get('phase', '-'), found.get('type', '-')

    def cases(self):
        """Names and lines for run262 of the one or two cases it makes."""
        once = self.flags & {'module', 'raw'}
        modes = ['', 'strict']
        if once or 'noStrict' in self.flags:
            modes = ['']
        elif 'onlyStrict' in self.flags:
            modes = ['strict']
        for mode in modes:
            flags = sorted(self.flags & {'async', 'module', 'raw'}) + [mode] * bool(mode)
            yield (f'{self.name} strict' if mode else self.name), '\t'.join([
                ','.join(flags) or '-', self.phase, self.type, str(self.path),
                ','.join(self.includes) or '-'])


def read_list(path):
    """The lines of a list: without comments, what stands behind two spaces is a remark."""
    lines = path.read_text().splitlines() if path.exists() else []
    names = [re.split(r'  +', line.strip())[0] for line in lines if not line.startswith('#')]
    return [name for name in names if name]


def run_share(arguments):
    """Runs some cases in one process of run262; the failures with their reasons."""
    program, harness, cases = arguments
    result = subprocess.run([program, str(harness)], input=''.join(line + '\n' for _, line in cases),
                            stdout=subprocess.PIPE, text=True, errors='replace', check=True)
    answers = result.stdout.splitlines()
    assert len(answers) == len(cases), f'{len(answers)} answers to {len(cases)} tests'
    return {name: answer[5:] for (name, _), answer in zip(cases, answers) if answer != 'pass'}


def find_cases(root, paths, skipped):
    cases, left_out = [], 0
    for path in paths:
        files = sorted((root / path).rglob('*.js')) if (root / path).is_dir() else [root / path]
        for file in files:
            if '_FIXTURE' in file.name:
                continue
            test = Test(file, str(file.relative_to(root)))
            if skipped & (set(test.features) | {test.name}):
                left_out += 1
            else:
                cases += test.cases()
    return cases, left_out


def run_all(program, harness, cases):
    workers = os.cpu_count() or 2
    size = 200
    shares = [(program, harness, cases[i:i + size]) for i in range(0, len(cases), size)]
    failures = {}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for share in pool.map(run_share, shares):
            failures.update(share)
    return failures


def compare(cases, failures, known, paths):
    """What is wrong with the list, as lines."""
    names = {name for name, _ in cases}
    here = [name for name in known
            if any(name.split(' ')[0] == path or name.startswith(f'{path}/') for path in paths)]
    for name, reason in failures.items():
        if name not in known:
            yield f'{name}: {reason}'
    for name in here:
        if name not in names:
            yield f'{name}: is no test that is run, take it off the list'
        elif name not in failures:
            yield f'{name}: passes, take it off the list'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('checkout')
    parser.add_argument('paths', nargs='*', default=SUITES)
    parser.add_argument('--lists', type=pathlib.Path, default=HERE)
    parser.add_argument('--write', action='store_true')
    options = parser.parse_intermixed_args()
    checkout = pathlib.Path(options.checkout)
    root = checkout / 'test'
    if not options.checkout or not (checkout / 'harness' / 'assert.js').is_file():
        print('test262: say where a checkout of test262 is: make test262 TEST262=DIR '
              f'({options.checkout or "TEST262"} has no harness/assert.js)', file=sys.stderr)
        return 2
    paths = [path.strip('/') for path in options.paths if (root / path).exists()]
    if len(paths) < len(options.paths):
        print(f'test262: {root} lacks some of {" ".join(options.paths)}', file=sys.stderr)
        return 2
    skipped = set(read_list(options.lists / 'skipped.txt'))
    cases, left_out = find_cases(root, paths, skipped)
    failures = run_all(options.program, checkout / 'harness', cases)
    if options.write:
        print('\n'.join(f'{name}  {reason}' for name, reason in failures.items()))
        return 0
    known = read_list(options.lists / 'known-failures.txt')
    wrong = list(compare(cases, failures, known, paths))
    for line in wrong:
        print(line)
    print(f'test262: {len(cases)} cases in {" and ".join(paths)}, {left_out} files left out, '
          f'{len(failures)} cases fail' + (f', {len(wrong)} lines above' if wrong else ', all known'))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
