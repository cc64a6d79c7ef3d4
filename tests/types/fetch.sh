#!/bin/sh
# Fetches TypeScript's compiler, which checks types/isere.d.ts, into a folder:
#
#   tests/types/fetch.sh DIR
#
# DIR/package/bin/tsc is the program. A test-only dependency, pinned by checksum;
# once it is there, no network is needed. Exit status 0 with everything in place,
# else 1.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 1
fi
mkdir -p "$1"
cd "$1"
exec 9>.lock
flock 9

file=typescript-5.9.3.tgz
sum=8e5d6f6733c38a72ebf5e52ddc9feded5e8580d130f508ef04f772b33f4a7d00c3e357d0ac2d98e2f290762694a454f86d795bd511e12e9a7cc2d9ba3394e04b

verify() {
    echo "$sum  $file" | sha512sum --check --status - 2>/dev/null
}

fail() {
    cat >&2 <<MESSAGE
tests/types: can't get what the tests need: $1.
Put $file from npm (the package typescript) into
$(pwd)
and run this again.
MESSAGE
    exit 1
}

if ! verify; then
    npm pack --silent --ignore-scripts typescript@5.9.3 >fetch.log 2>&1 ||
        fail "npm pack failed, see fetch.log there"
    verify || fail "its checksum does not match"
    rm -rf package fetch.log
fi
if [ ! -x package/bin/tsc ]; then
    # Under another name until it is whole: who unpacks may be ended.
    rm -rf new
    mkdir new
    tar -xzf "$file" -C new
    mv new/package package
    rmdir new
fi
