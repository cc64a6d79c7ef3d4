#!/bin/sh
# Fetches what the dashboard's tests run with into a folder:
#
#   tests/dashboard/fetch.sh DIR
#
# The npm packages playwright-core (it steers Debian's chromium and brings no
# browser) and axe-core (it finds what keeps people out), in DIR/node_modules.
# Test-only dependencies, pinned by checksum; once they are there, no network is
# needed. Exit status 0 with everything in place, else 1.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 1
fi
mkdir -p "$1"
cd "$1"
# Several tests may want it at a time.
exec 9>.lock
flock 9

cat > SHA512SUMS <<'END'
8a561a9c453cbf1c417b1a4977c716338125490ab841cb422ca8a1d1349f8c87c24137b21ffeb356b98825f2cfaca4ca2516e21be71f9d96d02230252661758d  axe-core-4.11.0.tgz
86eb6b6b29f29f7d45f8189f99ef8fb3d56ae7d84ab940b3ec7d640ce701b3eda81a0b8a9164d4e746c15abb73df83945a6230a414d60f16913d7ac85e482f99  playwright-core-1.56.1.tgz
END
packages=$(sed 's/.* //' SHA512SUMS | tr '\n' ' ')

fail() {
    cat >&2 <<END
tests/dashboard: can't get what the tests need: $1.
Put $packages from npm into
$(pwd)
and run this again (their checksums are in SHA512SUMS there).
END
    exit 1
}

verify() {
    sha512sum --check --status SHA512SUMS 2>/dev/null
}

fetch() {
    for file in $packages; do
        [ -f "$file" ] && continue
        name=${file%-*}
        number=${file##*-}
        npm pack --silent --ignore-scripts "$name@${number%.tgz}" \
            >fetch.log 2>&1 || {
            cat fetch.log >&2
            fail "npm pack failed"
        }
    done
    verify || fail "the checksums of the npm packages do not match"
}

unpack() {
    # Under another name until it is whole: who unpacks may be ended.
    rm -rf node_modules node_modules.new
    for file in $packages; do
        mkdir -p "node_modules.new/${file%-*}"
        tar -xzf "$file" -C "node_modules.new/${file%-*}" --strip-components=1
    done
    mv node_modules.new node_modules
}

if ! verify; then
    fetch
    unpack
elif [ ! -d node_modules ]; then
    unpack
fi
rm -f fetch.log
