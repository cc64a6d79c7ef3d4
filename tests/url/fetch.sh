#!/bin/sh
# Fetches what the URL tests compare with into a folder:
#
#   tests/url/fetch.sh DIR
#
# 1. The published test data (web-platform-tests), out of Debian's package of
#    the Rust library "url": the npm package whatwg-url does not carry it.
# 2. The reference implementation of the standard, the npm package whatwg-url
#    with what it needs, in DIR/node_modules.
#
# Test-only dependencies: nothing is installed, nothing of them is in isère.
# All files are pinned by checksum; once they are there, no network is needed.
# Exit status 0 with everything in place, else 1.
set -eu

package=librust-url-dev
version=2.3.1-1
inside=usr/share/cargo/registry/url-2.3.1/tests

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
bd8b7b503d54f5683ad77f2c84bb4b3af740bbef03b02fe2945b44547707fb0c9d712a4d136d007d239db9fe8c91115a84be4563b5f5a14ee7295645b5fabc16  punycode-2.3.1.tgz
6cb54c2cfb6cb6567888c407a451d347b1801a3da3c62f03834b3687631a7c0138b92585f7c142ff7328994e7589000c7fcfea0d46ca59fe46c6ebef55c5c487  tr46-6.0.0.tgz
04c84b0ff4b0f866c90b6d42fd48326995f8d673edf1b51383e8d6c837a0edeed8378c4e334e583d221771e0029d756dab2130fcb30295440cb4c67e3c61a9a9  webidl-conversions-8.0.1.tgz
db2b43934922123ff2bbdd09380a78e0f54f5243bdfa3561c9ff92c9b2a544748396f38e66174f22bafbc531fae25e168b13b670ffb0408720ba390604f3f3ea  whatwg-url-15.1.0.tgz
END
cat > SHA256SUMS <<'END'
9dca78fbbcb6fceb0584f2fae7b3bb4e8a868750f2426c359c6694aed25f2682  urltestdata.json
486f6d129960d0d0d99b533caf9bef21113b31adcdb83296dfc4a59cd8431715  setters_tests.json
END

fail() {
    cat >&2 <<END
tests/url: can't get what the URL tests need: $1.
Put these files into $(pwd)
and run this again (their checksums are in SHA256SUMS and SHA512SUMS there):
    ${package}_${version}_*.deb    from Debian bookworm, or the two .json
                                   files of its folder $inside
    $packages    from npm
END
    exit 1
}

verify_data() {
    sha256sum --check --status SHA256SUMS 2>/dev/null
}

fetch_data() {
    # A file that was put there by hand is as good as a download.
    set -- "${package}_${version}"_*.deb
    if [ ! -f "$1" ]; then
        apt-get -q download "$package=$version" >fetch.log 2>&1 || {
            cat fetch.log >&2
            fail "apt-get download failed (is the package list up to date?)"
        }
        set -- "${package}_${version}"_*.deb
    fi
    rm -rf unpacked
    dpkg-deb -x "$1" unpacked || fail "dpkg-deb failed"
    cp "unpacked/$inside/urltestdata.json" \
        "unpacked/$inside/setters_tests.json" .
    rm -rf unpacked
    verify_data || fail "the checksums of the test data do not match"
}

verify_packages() {
    sha512sum --check --status SHA512SUMS 2>/dev/null
}

fetch_packages() {
    for file in $packages; do
        name=${file%-*}
        [ -f "$file" ] && continue
        number=${file##*-}
        npm pack --silent --ignore-scripts "$name@${number%.tgz}" \
            >fetch.log 2>&1 || {
            cat fetch.log >&2
            fail "npm pack failed"
        }
    done
    verify_packages || fail "the checksums of the npm packages do not match"
}

unpack_packages() {
    rm -rf node_modules
    for file in $packages; do
        mkdir -p "node_modules/${file%-*}"
        tar -xzf "$file" -C "node_modules/${file%-*}" --strip-components=1
    done
}

packages=$(sed 's/.* //' SHA512SUMS | tr '\n' ' ')
verify_data || fetch_data
if ! verify_packages; then
    fetch_packages
    unpack_packages
elif [ ! -d node_modules ]; then
    unpack_packages
fi
rm -f fetch.log
