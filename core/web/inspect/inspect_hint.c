/* What to do about names that are not defined here: those of Node and of
 * browsers. The engine's own message ("'Buffer' is not defined") does not help
 * who comes from there. */
#include "core/web/inspect/inspect.h"

static const char common_js[] = " (this looks like CommonJS: handlers are ES "
                                "modules, write `export const handler = …`)";
static const char no_files[] =
    " (functions have no files: import what they need, docs/npm.md)";
static const char no_page[] =
    " (there is no page here: docs/web.md lists the globals)";
static const char no_global[] =
    " (not among the globals, which docs/web.md lists)";

static const struct {
    const char *name;
    const char *hint;
} hints[] = {
    {"module", common_js},
    {"exports", common_js},
    {"require", " (this looks like CommonJS: handlers are ES modules, write "
                "`import x from './x.js'`)"},
    {"fetch", " (functions can't make requests of their own yet: docs/web.md "
              "lists the globals)"},
    {"Buffer", " (Buffer is Node's: import { Buffer } from 'node:buffer', "
               "docs/npm.md; or use Uint8Array, atob and btoa)"},
    {"global", " (global is Node's: write globalThis)"},
    {"setImmediate", " (setImmediate is Node's: write setTimeout(f, 0))"},
    {"clearImmediate", " (clearImmediate is Node's: write clearTimeout)"},
    {"__dirname", no_files},
    {"__filename", no_files},
    {"window", no_page},
    {"document", no_page},
    {"localStorage", no_page},
    {"sessionStorage", no_page},
    {"caches", no_global},
    {"WebAssembly", no_global},
    {"WebSocket", no_global},
    {"Worker", no_global},
    {"XMLHttpRequest", no_global},
};

const char *isere_inspect_hint(isere_slice_t message)
{
    static const char front[] = "ReferenceError: '";
    static const char back[] = "' is not defined";
    size_t around = sizeof(front) - 1 + sizeof(back) - 1;
    if (message.len <= around ||
        memcmp(message.ptr, front, sizeof(front) - 1) != 0 ||
        memcmp(message.ptr + message.len - (sizeof(back) - 1), back,
               sizeof(back) - 1) != 0) {
        return "";
    }
    isere_slice_t name =
        isere_slice_of(message.ptr + sizeof(front) - 1, message.len - around);
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (isere_slice_is(name, hints[i].name)) {
            return hints[i].hint;
        }
    }
    return "";
}
