#!/bin/sh
# Fetches TypeScript's compiler, which checks types/isere.d.ts, and Hono, which a
# template of `isere new` needs, into a folder:
#
#   tests/types/fetch.sh DIR
#
# DIR/typescript/bin/tsc is the program, DIR/hono the package. Test-only
# dependencies, pinned by checksum; once they are there, no network is needed. Exit
# status 0 with everything in place, else 1.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 1
fi
mkdir -p "$1"
cd "$1"
exec 9>.lock
flock 9

fail() { # FILE, what went wrong
    cat >&2 <<MESSAGE
tests/types: can't get what the tests need: $2.
Put $1 from npm into
$(pwd)
and run this again.
MESSAGE
    exit 1
}

get() { # PACKAGE VERSION SHA512
    file=$1-$2.tgz
    verify() {
        echo "$3  $file" | sha512sum --check --status - 2>/dev/null
    }
    if ! verify "$@"; then
        npm pack --silent --ignore-scripts "$1@$2" >fetch.log 2>&1 ||
            fail "$file" "npm pack failed, see fetch.log there"
        verify "$@" || fail "$file" "its checksum does not match"
        rm -rf "$1" fetch.log
    fi
    if [ ! -d "$1" ]; then
        # Under another name until it is whole: who unpacks may be ended.
        rm -rf new
        mkdir new
        tar -xzf "$file" -C new
        mv new/package "$1"
        rmdir new
    fi
}

get typescript 5.9.3 8e5d6f6733c38a72ebf5e52ddc9feded5e8580d130f508ef04f772b33f4a7d00c3e357d0ac2d98e2f290762694a454f86d795bd511e12e9a7cc2d9ba3394e04b
get hono 4.13.19 2a65ef4005f07001d5fa6bb36c8c28276de78840799cca0356bf56711914f26be35040a6ff5fbbbf8260a7b3fb6be1fa30b16b87ebd7ac6a271ab192f9141f90
