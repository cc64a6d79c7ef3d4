#!/bin/sh
# The dashboard in a browser:
#
#   tests/dashboard/run_tests.sh DIR
#
# DIR is where fetch.sh keeps what it fetched. Tests the server at $ISERE_URL,
# whose token is $ISERE_TOKEN, whatever it runs on; without them it starts
# $ISERE_BIN with an empty store. CHROMIUM is the browser, if not Debian's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

"$here/fetch.sh" "$1"
ISERE_NPM=$(cd "$1" && pwd)
export ISERE_NPM

if [ -n "${ISERE_URL:-}" ]; then
    exec node "$here/all.mjs"
fi

work=$(mktemp -d)
server=
# shellcheck disable=SC2317 # the trap calls it
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

"$ISERE_BIN" serve --store "$work/store" --port 0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 100); do
    grep -q . "$work/out" && break
    sleep 0.1
done
ISERE_URL=$(sed -n 's/^isere listening on //p' "$work/out")
ISERE_TOKEN=$(cat "$work/store/token")
export ISERE_URL ISERE_TOKEN
status=0
node "$here/all.mjs" || status=$?
if [ "$status" != 0 ]; then
    echo "tests/dashboard: the server's log ends with" >&2
    tail -n 20 "$work/log" >&2
fi
exit "$status"
