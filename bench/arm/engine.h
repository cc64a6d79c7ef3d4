/*
 * The way of the original: a fresh QuickJS runtime for each request, with the
 * engine's own globals and no others. A yardstick, in as few calls as it takes,
 * on an allocator that costs next to nothing.
 */
#ifndef ISERE_BENCH_ENGINE_H
#define ISERE_BENCH_ENGINE_H

#include <stdbool.h>

/*
 * Makes a runtime and a context, evaluates a function, calls it with an event
 * (method, path, and a few more fields), turns the result into JSON, and
 * releases everything. True when the JSON is `body`.
 */
bool engine_fresh(const char *function, const char *path, const char *body);

#endif
