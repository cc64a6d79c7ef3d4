/* What the command line may say. Nothing else names an option or a default. */
#include "isere/isere.h"
#include "ports/linux/args.h"

#define SERVE (1u << ISERE_COMMAND_SERVE)
#define INVOKE (1u << ISERE_COMMAND_INVOKE)
#define BUILD (1u << ISERE_COMMAND_BUILD)

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)
#define SECOND 1000ull
#define HOUR (3600 * SECOND)

#define AT(member) offsetof(isere_args_t, member)

static const char *const payloads[] = {"isere", "1.0", "2.0", NULL};
/* As in isere_isolation_t. */
static const char *const isolations[] = {"snapshot", "none", "fresh", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};

/* An option with a number of some kind. */
#define NUMBER(n, c, k, member, v, p, lo, hi, h)                               \
    {                                                                          \
        .name = n, .commands = c, .kind = ISERE_OPTION_##k,                    \
        .offset = AT(member), .value = v, .preset = p, .min = lo, .max = hi,   \
        .help = h                                                              \
    }

#define CHOICE(n, c, member, v, p, values, in_words, h)                        \
    {                                                                          \
        .name = n, .commands = c, .kind = ISERE_OPTION_CHOICE,                 \
        .offset = AT(member), .value = v, .preset = p, .choices = values,      \
        .list = in_words, .help = h                                            \
    }

#define TEXT(n, l, c, k, member, v, p, h)                                      \
    {                                                                          \
        .name = n, .letter = l, .commands = c, .kind = ISERE_OPTION_##k,       \
        .offset = AT(member), .value = v, .preset = p, .help = h               \
    }

const isere_option_t isere_options[] = {
    TEXT("event", 0, INVOKE, TEXT, event, "FILE", NULL,
         "the event as a JSON object, - for standard input; without it a GET "
         "of /"),
    TEXT("output", 'o', BUILD, TEXT, output, "FILE", NULL,
         "where to write; without it MODULE.js becomes MODULE.bin"),
    TEXT("depfile", 0, BUILD, TEXT, depfile, "FILE", NULL,
         "write the files that were read as a rule for make or ninja"),
    TEXT("name", 0, BUILD, NAME, name, "NAME", NULL,
         "the function's name; without it that of the module"),

    TEXT("store", 0, SERVE, TEXT, store, "DIR", NULL,
         "serve all functions of this folder, and its control plane, instead "
         "of one module"),
    TEXT("token-file", 0, SERVE, TEXT, token_file, "FILE", NULL,
         "token of the control plane, made when there is none (default "
         "DIR/token)"),
    TEXT("allow-host", 0, SERVE, LIST, hosts, "NAME", NULL,
         "name under which the control plane may be used, besides addresses "
         "and localhost; may be repeated"),
    TEXT("host", 0, SERVE, TEXT, host, "ADDRESS", "127.0.0.1",
         "address to listen on"),
    NUMBER("port", SERVE, NUMBER, port, "PORT", "8080", 0, 65535,
           "port to listen on, 0 for a free one"),
    NUMBER("workers", SERVE, NUMBER, workers, "N", NULL, 1, ISERE_GROUP_MAX,
           "threads that serve (default: one per core)"),
    NUMBER("memory", SERVE | INVOKE, SIZE, memory, "SIZE", "16M", 256 * K,
           2 * G, "JavaScript heap of each instance"),
    NUMBER("stack", SERVE | INVOKE, SIZE, stack, "SIZE", "256K", 32 * K, 64 * M,
           "stack of JavaScript calls"),
    NUMBER("timeout", SERVE | INVOKE | BUILD, TIME, timeout, "TIME", "3s", 1,
           24 * HOUR, "time limit of an invocation"),
    NUMBER("init-timeout", SERVE | INVOKE, TIME, init_timeout, "TIME", "10s", 1,
           24 * HOUR, "time limit of the init phase"),
    NUMBER("instances", SERVE, NUMBER, instances, "N", "1024", 1, 1000000,
           "most instances at once"),
    NUMBER("queue", SERVE, NUMBER, queue, "N", "1024", 0, 1000000,
           "most requests that wait for an instance; more get 503"),
    TEXT("env", 0, SERVE | INVOKE | BUILD, ENV, env, "NAME=VALUE", NULL,
         "adds to process.env; may be repeated"),
    CHOICE("payload", SERVE | INVOKE | BUILD, payload, "FORMAT", "isere",
           payloads, "isere, 1.0 or 2.0",
           "event format: isere, or API Gateway's 1.0 or 2.0"),
    TEXT("watch", 0, SERVE, FLAG, watch, NULL, NULL,
         "loads the function anew when one of its files changes"),

    CHOICE("isolation", SERVE, isolation, "HOW", "snapshot", isolations,
           "snapshot, none or fresh", NULL),

    NUMBER("max-head", SERVE, SIZE, max_head, "SIZE", "8K", 256, 1 * M,
           "longest request line and header section"),
    NUMBER("max-body", SERVE, SIZE, max_body, "SIZE", "1M", 0, 1 * G,
           "longest request body"),
    NUMBER("header-timeout", SERVE, TIME, header_timeout, "TIME", "10s", 1,
           24 * HOUR, "time to receive the head of a request"),
    NUMBER("request-timeout", SERVE, TIME, request_timeout, "TIME", "30s", 1,
           24 * HOUR, "time to receive a whole request"),
    NUMBER("idle-timeout", SERVE, TIME, idle_timeout, "TIME", "60s", 1,
           24 * HOUR, "time an idle connection is kept open"),
    NUMBER("max-connections", SERVE, NUMBER, max_connections, "N", "10000", 1,
           1000000, "most connections at once"),

    CHOICE("log-level", SERVE | INVOKE, log_level, "LEVEL", "info", levels,
           "error, warn, info or debug", "error, warn, info or debug"),
    CHOICE("log-format", SERVE | INVOKE, log_format, "FORMAT", "text", formats,
           "text or json", "text or json"),
};

const size_t isere_options_count =
    sizeof(isere_options) / sizeof(isere_options[0]);

const isere_command_info_t isere_command_infos[ISERE_COMMANDS] = {
    [ISERE_COMMAND_SERVE] =
        {"serve", "[MODULE.js | MODULE.bin]", "js/handler.js",
         "serve a handler over HTTP",
         "Serves one handler over HTTP until SIGINT or SIGTERM. Prints\n"
         "`isere listening on http://HOST:PORT` when it is ready, and logs on\n"
         "standard error."},
    [ISERE_COMMAND_INVOKE] =
        {"invoke", "MODULE.js | MODULE.bin", NULL,
         "call a handler once, without a server",
         "Calls a handler once and prints its response as one line of JSON:\n"
         "{statusCode, headers, body, isBase64Encoded}. A header that occurs\n"
         "more than once is an array. Logs go to standard error. Exit code 1\n"
         "when the handler fails."},
    [ISERE_COMMAND_BUILD] =
        {"build", "MODULE.js [-o MODULE.bin]", NULL,
         "compile a handler and its imports to bytecode",
         "Compiles a handler and the files it imports to one file of\n"
         "bytecode, for `isere serve` or for a device. Name, environment,\n"
         "payload format and time limit that are given here are in the file,\n"
         "and count wherever it runs, unless they are given there."},
};
