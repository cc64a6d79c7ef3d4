#!/bin/sh
# All tests of URL and URLSearchParams that need more than C:
#
#   tests/url/run_tests.sh RUN DIR
#
# RUN is the program of run.c, DIR where fetch.sh keeps what it fetched. Fails
# when that can't be had; a test that did not run did not pass.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

"$here/fetch.sh" "$2"
"$1" "$here/api.js"
"$1" "$here/wpt.js" "$2/urltestdata.json" "$2/setters_tests.json" \
    "$here/expected-failures.txt"
node "$here/differential.mjs" "$1" "$2"
