#!/bin/sh
# Fetches esbuild, which tests of bundling run, into a folder:
#
#   tests/npm/fetch.sh DIR
#
# DIR/esbuild is the program. A test-only dependency, pinned by checksum; once it
# is there, no network is needed. Exit status 0 with everything in place, else 1.
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

cat >SHA512SUMS <<'END'
a56e000b43f78adf1cedda3d315338a79d45cc7cdd33f4d9adeaeeae045c1c9d964dad55435088ab5f319dc7e9049c38a23922659aca5b6c8805604ff768fa52  esbuild-linux-arm64-0.28.2.tgz
e314d9af5154992a105b85c85a68addedcd0ad44d933e3773f45d5f3144e298179d177c8ef178ef74fb56d9bcdc3122e7d0f610d0551247e588603d517c03f1d  esbuild-linux-x64-0.28.2.tgz
END
case $(uname -m) in
    aarch64) processor=arm64 ;;
    *) processor=x64 ;;
esac
file=esbuild-linux-$processor-0.28.2.tgz

fail() {
    cat >&2 <<END
tests/npm: can't get what the tests need: $1.
Put $file from npm (the package @esbuild/linux-$processor) into
$(pwd)
and run this again (its checksum is in SHA512SUMS there).
END
    exit 1
}

verify() {
    grep " $file\$" SHA512SUMS | sha512sum --check --status - 2>/dev/null
}

if ! verify; then
    [ -f "$file" ] ||
        npm pack --silent --ignore-scripts "@esbuild/linux-$processor@0.28.2" \
            >fetch.log 2>&1 || fail "npm pack failed, see fetch.log there"
    verify || fail "its checksum does not match"
    rm -f esbuild fetch.log
fi
if [ ! -x esbuild ]; then
    # Under another name until it is whole: who unpacks may be ended.
    tar -xzf "$file" --strip-components=2 package/bin/esbuild -O >esbuild.new
    chmod +x esbuild.new
    mv esbuild.new esbuild
fi
