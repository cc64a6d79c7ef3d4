/* The list of Node's modules: those in js/node, and a word about the others. */
#include "apps/isere/node/node_names.h"
#include <string.h>

#define OURS "isere/"

const isere_node_module_t isere_node_modules[] = {
    {"assert", OURS "assert.js"},
    {"assert/strict", OURS "small/assert_strict.js"},
    {"async_hooks", OURS "async_hooks.js"},
    {"buffer", OURS "buffer.js"},
    {"console", OURS "small/console.js"},
    {"crypto", OURS "crypto.js"},
    {"diagnostics_channel", OURS "small/diagnostics_channel.js"},
    {"events", "events/events.js"},
    {"http", OURS "http.js"},
    {"net", OURS "small/net.js"},
    {"os", OURS "small/os.js"},
    {"path", "path-browserify/index.js"},
    {"path/posix", "path-browserify/index.js"},
    {"perf_hooks", OURS "small/perf_hooks.js"},
    {"process", OURS "process.js"},
    {"punycode", "punycode/punycode.js"},
    {"querystring", OURS "querystring.js"},
    {"stream", OURS "stream.js"},
    {"stream/promises", OURS "small/stream_promises.js"},
    {"stream/web", OURS "small/stream_web.js"},
    {"string_decoder", OURS "string_decoder.js"},
    {"sys", OURS "util.js"},
    {"timers", OURS "timers.js"},
    {"timers/promises", OURS "small/timers_promises.js"},
    {"tty", OURS "small/tty.js"},
    {"url", OURS "url.js"},
    {"util", OURS "util.js"},
    {"util/types", OURS "types.js"},
};
const size_t isere_node_modules_count =
    sizeof(isere_node_modules) / sizeof(isere_node_modules[0]);

#define SOCKETS "handlers have no sockets"
#define FILES "handlers have no files: import what you need, as JSON or text"
#define PROCESSES "handlers start no processes and threads"
#define SERVED "a handler is called by the server, it does not listen"
#define NOT_HERE "it is not in isère"

static const isere_node_module_t others[] = {
    {"child_process", PROCESSES},
    {"cluster", PROCESSES},
    {"dgram", SOCKETS},
    {"dns", SOCKETS},
    {"dns/promises", SOCKETS},
    {"domain", NOT_HERE},
    {"fs", FILES},
    {"fs/promises", FILES},
    {"http2", SERVED},
    {"https", SERVED},
    {"inspector", NOT_HERE},
    {"module", NOT_HERE},
    {"readline", NOT_HERE},
    {"repl", NOT_HERE},
    {"sqlite", NOT_HERE},
    {"test", NOT_HERE},
    {"tls", SOCKETS},
    {"trace_events", NOT_HERE},
    {"v8", NOT_HERE},
    {"vm", NOT_HERE},
    {"wasi", NOT_HERE},
    {"worker_threads", PROCESSES},
    {"zlib", "use the global CompressionStream, or a package such as fflate"},
};

const char *isere_node_instead(isere_slice_t name)
{
    bool is_node = name.len > 5 && strncmp(name.ptr, "node:", 5) == 0;
    if (is_node) {
        name = isere_slice_of(name.ptr + 5, name.len - 5);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (isere_slice_is(name, others[i].name)) {
            return others[i].file;
        }
    }
    return is_node ? NOT_HERE : NULL;
}
