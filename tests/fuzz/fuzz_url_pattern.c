/*
 * URLPattern, in a real isolate: the first byte says what the next line is, a
 * whole pattern or one of its members; what follows is matched against it.
 *
 * Checked: nothing but a TypeError is thrown; what a pattern says of its
 * members makes the same pattern again, which matches the same; exec and test
 * agree. An isolate that runs out of memory or time, as by a regular expression
 * that backtracks, is fine.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/isolate/isolate.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As hexadecimal digits in the path of a request. */
enum { INPUT_MAX = 900, TIMEOUT_MS = 300 };

static js_fixture_t f;
static isere_port_t port;

static const char source[] =
    "const names = ['protocol', 'username', 'password', 'hostname', 'port',"
    "  'pathname', 'search', 'hash']\n"
    "function make(...all) {\n"
    "  try { return new URLPattern(...all) } catch (error) {\n"
    "    if (!(error instanceof TypeError)) throw error\n"
    "  }\n"
    "}\n"
    "function check(text) {\n"
    "  const [given, ...rest] = text.slice(1).split('\\n')\n"
    "  const which = names[text.charCodeAt(0) % 16]\n"
    "  const [input, base] = [rest[0] ?? '', rest[1]]\n"
    "  const pattern = which ? make({ [which]: given })"
    "    : base ? make(given, base) : make(given)\n"
    "  if (!pattern) return\n"
    "  const members = {}\n"
    "  for (const name of names) members[name] = pattern[name]\n"
    "  const again = make(members)\n"
    "  if (!again) return `not again: ${JSON.stringify(members)}`\n"
    "  for (const name of names) {\n"
    "    if (again[name] !== members[name]) return `${name}: ${members[name]}"
    " ${again[name]}`\n"
    "  }\n"
    "  const matched = which ? { [which]: input } : input\n"
    "  const found = pattern.exec(matched)\n"
    "  if (pattern.test(matched) !== (found !== null)) return 'exec, test'\n"
    "  if (again.test(matched) !== (found !== null)) return 'again'\n"
    "  for (const name of found ? names : []) {\n"
    "    if (typeof found[name].input !== 'string') return `input ${name}`\n"
    "  }\n"
    "}\n"
    "export const handler = ({ path }) => {\n"
    "  const bytes = path.slice(1).match(/../g).map((x) => parseInt(x, 16))\n"
    "  return { body: check(new TextDecoder().decode(new Uint8Array(bytes)))"
    " ?? 'fine' }\n"
    "}\n";

static uint64_t monotonic_us(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    isere_test_port_reset();
    port = *isere_test_port();
    port.monotonic_us = monotonic_us;
    js_init(&f, &port);
    f.config.memory_bytes = 4 << 20;
    f.config.timeout_ms = TIMEOUT_MS;
    if (js_start(&f, source) != ISERE_ISOLATE_READY) {
        fprintf(stderr, "not ready: %s\n", f.fault.message);
        abort();
    }
    return 0;
}

static bool is_fine(void)
{
    const isere_error_answer_t *error = isere_isolate_error(f.isolate);
    if (error) {
        return isere_slice_is(error->word, "memory") ||
               isere_slice_is(error->word, "stack") ||
               isere_slice_is(error->word, "timeout");
    }
    return isere_slice_is(isere_isolate_response(f.isolate)->body, "fine");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[2 * INPUT_MAX + 2] = "/";
    if (size < 2) {
        return 0;
    }
    for (size_t i = 0; i < size && i < INPUT_MAX; i++) {
        snprintf(path + 1 + 2 * i, 3, "%02x", data[i]);
    }
    if (js_invoke(&f, path) != ISERE_ISOLATE_COMPLETE) {
        abort();
    }
    if (!is_fine()) {
        const isere_error_answer_t *error = isere_isolate_error(f.isolate);
        isere_slice_t said =
            error ? error->word : isere_isolate_response(f.isolate)->body;
        fprintf(stderr, "%.*s %s\n", (int)said.len, said.ptr,
                error ? isere_isolate_reason(f.isolate) : "");
        abort();
    }
    isere_isolate_reset(f.isolate);
    return 0;
}
