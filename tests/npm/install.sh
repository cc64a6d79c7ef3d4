#!/bin/sh
# Installs the packages that tests/npm/run.mjs calls, as package-lock.json pins
# them, into a folder; once they are there, no network is needed.
#
#   tests/npm/install.sh DIR
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
# Several runs may want it at a time.
exec 9>.lock
flock 9
if [ -f installed ] && cmp -s "$here/package-lock.json" installed; then
    exit 0
fi
cp "$here/package.json" "$here/package-lock.json" .
rm -rf node_modules installed
npm install --no-save --omit=optional --ignore-scripts --no-audit --no-fund \
    --loglevel=error >&2 || {
    echo "tests/npm: npm could not install the packages of package-lock.json" >&2
    exit 1
}
cp "$here/package-lock.json" installed
