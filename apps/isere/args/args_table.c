/* All commands, options and defaults: no other file names one. */
#include "apps/isere/args/args.h"
#include "core/util/names/payload.h"
#include "isere/isere.h"

/* Which commands know an option is a set of bits. */
#define NEW (1u << ISERE_COMMAND_NEW)
#define DEV (1u << ISERE_COMMAND_DEV)
#define SERVE_ALONE (1u << ISERE_COMMAND_SERVE)
/* What `dev` has, too, which is a `serve` for people. */
#define SERVE (SERVE_ALONE | DEV)
#define INVOKE (1u << ISERE_COMMAND_INVOKE)
#define BUILD (1u << ISERE_COMMAND_BUILD)
#define DEPLOY (1u << ISERE_COMMAND_DEPLOY)
#define LIST (1u << ISERE_COMMAND_LIST)
#define LOGS (1u << ISERE_COMMAND_LOGS)
#define INVOKE_REMOTE (1u << ISERE_COMMAND_INVOKE_REMOTE)
#define ROLLBACK (1u << ISERE_COMMAND_ROLLBACK)
#define RELEASE (1u << ISERE_COMMAND_RELEASE)
#define REMOVE (1u << ISERE_COMMAND_REMOVE)
/* Commands that talk to a server. */
#define REMOTE                                                                 \
    (DEPLOY | LIST | LOGS | INVOKE_REMOTE | ROLLBACK | RELEASE | REMOVE)

/* Sizes and times as the table writes limits: in bytes and milliseconds. */
#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)
/* No time may be 0, which would have to mean that there is no limit. */
#define SECOND 1000ull
#define HOUR (3600 * SECOND)

/* Members of nested structs can be named: serve.port. */
#define AT(member) offsetof(isere_args_t, member)

/* In the order of isere_isolation_t, since a choice is stored as its index. */
static const char *const isolations[] = {"snapshot", "none", "fresh", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};

const char *const isere_args_templates[] = {"hello",  "api",     "hono",
                                            "sensor", "webhook", NULL};

/* An option with a number of some kind. */
#define NUMBER(n, c, k, member, v, p, lo, hi, h)                               \
    {                                                                          \
        .name = n, .commands = c, .kind = ISERE_OPTION_##k,                    \
        .offset = AT(member), .value = v, .preset = p, .min = lo, .max = hi,   \
        .help = h                                                              \
    }

/* One of some words; `in_words` is how messages list them. */
#define CHOICE(n, c, member, v, p, values, in_words, h)                        \
    {                                                                          \
        .name = n, .commands = c, .kind = ISERE_OPTION_CHOICE,                 \
        .offset = AT(member), .value = v, .preset = p, .choices = values,      \
        .list = in_words, .help = h                                            \
    }

/* Everything else: texts, flags and lists. */
#define TEXT(n, l, c, k, member, v, p, h)                                      \
    {                                                                          \
        .name = n, .letter = l, .commands = c, .kind = ISERE_OPTION_##k,       \
        .offset = AT(member), .value = v, .preset = p, .help = h               \
    }

/* In the order of --help: what a command is about comes first, limits last. */
const isere_option_t isere_options[] = {
    CHOICE("template", NEW, create.template_index, "NAME", "hello",
           isere_args_templates, "hello, api, hono, sensor or webhook",
           "what the function is: hello, api, hono, sensor or webhook"),
    TEXT("ts", 0, NEW, FLAG, create.ts, NULL, NULL,
         "in TypeScript, with types and tsconfig.json"),
    TEXT(
        "event", 0, INVOKE | INVOKE_REMOTE, TEXT, event, "JSON", NULL,
        "the event: a JSON object, a file that contains one, or - for standard "
        "input (default: a GET of /)"),
    TEXT("output", 'o', BUILD, TEXT, build.output, "FILE", NULL,
         "the file to write (default: MODULE.bin beside MODULE.js)"),
    TEXT("depfile", 0, BUILD, TEXT, build.depfile, "FILE", NULL,
         "writes the list of files read, as a rule for make or ninja"),
    TEXT("no-source", 0, BUILD, FLAG, build.no_source, NULL, NULL,
         "leaves out the text of functions, as devices do: String(function) "
         "then says \"[source not kept]\""),
    TEXT(
        "name", 0, DEV | BUILD | DEPLOY, NAME, name, "NAME", NULL,
        "the function's name (default: the module's name; deploy: the folder's "
        "name when the module is index, handler or main)"),
    TEXT("handler", 0, SERVE | INVOKE | BUILD | DEPLOY, EXPORT, handler, "NAME",
         NULL,
         "the export that is the handler (default: handler, else the default "
         "export)"),
    TEXT("route", 0, DEV | DEPLOY, LIST, remote.routes, "ROUTE", NULL,
         "a route of the function: 'GET /pets/{id}', 'ANY /files/{path+}' or "
         "'$default'; may be repeated (default: ANY /NAME and "
         "ANY /NAME/{path+})"),
    TEXT("follow", 'f', LOGS, FLAG, remote.follow, NULL, NULL,
         "also shows new lines, until interrupted"),
    CHOICE("level", LOGS, remote.level, "LEVEL", NULL, levels,
           "error, warn, info or debug",
           "only lines of this level and more severe ones"),

    TEXT("store", 0, SERVE_ALONE, TEXT, serve.store, "DIR", NULL,
         "serves all functions of this folder, and the admin API, instead "
         "of one module"),
    TEXT("token-file", 0, SERVE_ALONE, TEXT, token_file, "FILE", NULL,
         "the admin API's token; created when it does not exist (default "
         "DIR/token)"),
    TEXT("allow-host", 0, SERVE_ALONE, LIST, serve.hosts, "NAME", NULL,
         "a host name under which clients may use the admin API, besides "
         "addresses and localhost; may be repeated"),
    /* Not all addresses: what runs on a developer's machine is for others
     * only when that is asked for. */
    TEXT("host", 0, SERVE, TEXT, serve.host, "ADDRESS", "127.0.0.1",
         "address to listen on"),
    NUMBER("port", SERVE, NUMBER, serve.port, "PORT", "8080", 0, 65535,
           "port to listen on, 0 for a free one"),
    /* Without a preset: how many cores there are is asked at the start. */
    NUMBER("workers", SERVE, NUMBER, serve.workers, "N", NULL, 1,
           ISERE_SERVERS_MAX, "worker threads (default: one per core)"),
    NUMBER("memory", SERVE | INVOKE, SIZE, settings.memory, "SIZE", "16M",
           256 * K, 2 * G, "JavaScript heap of each instance"),
    /* A device takes other sizes than Linux: the server says what it takes. */
    NUMBER("memory", DEPLOY, SIZE, settings.memory, "SIZE", NULL, 1, 1024 * G,
           "JavaScript heap of each instance, within the server's limits"),
    NUMBER("stack", SERVE | INVOKE, SIZE, settings.stack, "SIZE", "1M", 32 * K,
           64 * M, "stack of JavaScript calls"),
    NUMBER("timeout", SERVE | INVOKE | BUILD | DEPLOY, TIME, settings.timeout,
           "TIME", "3s", 1, 24 * HOUR, "time limit of an invocation"),
    NUMBER("init-timeout", SERVE | INVOKE, TIME, settings.init_timeout, "TIME",
           "10s", 1, 24 * HOUR, "time limit of the init phase"),
    NUMBER("instances", SERVE, NUMBER, serve.instances, "N", "1024", 1, 1000000,
           "maximum number of instances"),
    NUMBER(
        "queue", SERVE, NUMBER, serve.queue, "N", "1024", 0, 1000000,
        "maximum number of requests that wait for an instance; more get 503"),
    TEXT("env", 0, SERVE | INVOKE | BUILD | DEPLOY, ENV, settings.env,
         "NAME=VALUE", NULL, "adds to process.env; may be repeated"),
    TEXT("env-file", 0, SERVE | INVOKE | BUILD | DEPLOY, LIST,
         settings.env_files, "FILE", NULL,
         "a file with lines NAME=VALUE for process.env, which --env overrides; "
         "may be repeated"),
    TEXT("no-env", 0, DEPLOY, FLAG, settings.no_env, NULL, NULL,
         "drops the variables of the version before, which are kept when "
         "neither --env nor --env-file is given"),
    CHOICE("payload", SERVE | INVOKE | BUILD | DEPLOY, settings.payload,
           "FORMAT", "isere", isere_payload_names, "isere, 1.0 or 2.0",
           "event format: isere, or API Gateway's 1.0 or 2.0"),
    TEXT("cors-origin", 0, SERVE | DEPLOY, LIST, cors.origins, "ORIGIN", NULL,
         "an origin whose pages may call the function, as "
         "https://example.com, or '*' for all; may be repeated"),
    TEXT("cors-method", 0, SERVE | DEPLOY, LIST, cors.methods, "METHOD", NULL,
         "a method that they may use besides GET, HEAD and POST, or '*'; may "
         "be repeated"),
    TEXT("cors-header", 0, SERVE | DEPLOY, LIST, cors.headers, "NAME", NULL,
         "a header that they may send, or '*'; may be repeated"),
    TEXT("cors-expose", 0, SERVE | DEPLOY, LIST, cors.expose, "NAME", NULL,
         "a header of the answer that they may read; may be repeated"),
    TEXT("cors-credentials", 0, SERVE | DEPLOY, FLAG, cors.credentials, NULL,
         NULL, "lets them send cookies and other credentials"),
    NUMBER("cors-max-age", SERVE | DEPLOY, TIME, cors.max_age, "TIME", NULL,
           SECOND, 24 * HOUR, "how long browsers remember what they may do"),
    TEXT("watch", 0, SERVE_ALONE, FLAG, serve.watch, NULL, NULL,
         "reloads the function when one of its files changes"),

    TEXT("no-supervisor", 0, SERVE, FLAG, serve.alone, NULL, NULL,
         "serves in a single process, for debuggers: nothing restarts it after "
         "a fault that can't be contained"),
    TEXT("core-dumps", 0, SERVE | INVOKE, FLAG, core_dumps, NULL, NULL,
         "lets a fault write a core dump, which contains tokens and secrets"),

    /* No text of help: --help leaves it out, since it is for benchmarks. */
    CHOICE("isolation", SERVE_ALONE, settings.isolation, "HOW", "snapshot",
           isolations, "snapshot, none or fresh", NULL),

    NUMBER("max-head", SERVE, SIZE, serve.max_head, "SIZE", "8K", 256, 1 * M,
           "maximum size of request line and header fields"),
    NUMBER("max-body", SERVE, SIZE, serve.max_body, "SIZE", "1M", 0, 1 * G,
           "maximum size of a request body"),
    NUMBER(
        "buffer", SERVE, SIZE, serve.buffer, "SIZE", "64M", 64 * K, 1024 * G,
        "memory for the requests in progress of all clients together; further "
        "requests get 503"),
    NUMBER("header-timeout", SERVE, TIME, serve.header_timeout, "TIME", "10s",
           1, 24 * HOUR, "time to receive the head of a request"),
    NUMBER("request-timeout", SERVE, TIME, serve.request_timeout, "TIME", "30s",
           1, 24 * HOUR, "time to receive a whole request"),
    NUMBER("idle-timeout", SERVE, TIME, serve.idle_timeout, "TIME", "60s", 1,
           24 * HOUR, "how long an idle connection is kept open"),
    NUMBER("max-connections", SERVE, NUMBER, serve.max_connections, "N",
           "10000", 1, 1000000, "maximum number of connections"),

    TEXT("access-log", 0, SERVE_ALONE, FLAG, serve.access_log, NULL, NULL,
         "logs a line for each request, with its status, length and duration"),
    CHOICE("log-level", SERVE | INVOKE, log_level, "LEVEL", "info", levels,
           "error, warn, info or debug", "error, warn, info or debug"),
    CHOICE("log-format", SERVE | INVOKE, log_format, "FORMAT", "text", formats,
           "text or json", "text or json"),

    TEXT("to", 0, DEV | REMOTE, TEXT, remote.to, "URL", NULL,
         "the server, http://HOST[:PORT] (default: $ISERE_URL)"),
    TEXT("token-file", 0, DEV | REMOTE, TEXT, token_file, "FILE", NULL,
         "the file with the server's token (default: $ISERE_TOKEN)"),
    /* Counted while nothing comes, not over the whole call: a large deploy
     * over a slow line is fine. */
    NUMBER("wait", REMOTE, TIME, remote.wait, "TIME", "1m", 1, 24 * HOUR,
           "how long to wait while the server sends nothing"),
    TEXT("json", 0, REMOTE, FLAG, json, NULL, NULL,
         "prints the server's JSON answer, for programs"),
};

/* 64 at most: isere_args_t has a bit for each row (`given`). */
const size_t isere_options_count =
    sizeof(isere_options) / sizeof(isere_options[0]);

const isere_command_info_t isere_command_infos[ISERE_COMMANDS] = {
    [ISERE_COMMAND_NEW] =
        {"new", ISERE_OPERAND_FOLDER, "FOLDER", NULL,
         "make a folder with a function in it",
         "Makes a folder with a function that runs, from a template, and says "
         "what\n"
         "to do next. Overwrites nothing: the folder must not be there yet."},
    [ISERE_COMMAND_DEV] =
        {"dev", ISERE_OPERAND_FOLDER, "[FOLDER | MODULE.js]", ".",
         "serve a function while it is written",
         "Serves the function of a folder (its index, handler, main or app, "
         "as\n"
         ".ts, .tsx, .js, .mjs or .jsx), loads it again when a file of it is\n"
         "saved, and shows requests and logs. Mistakes are shown with the "
         "line\n"
         "they are in; until they are mended the version before is served. "
         "With\n"
         "--to it is deployed to that server each time instead."},
    [ISERE_COMMAND_SERVE] =
        {"serve", ISERE_OPERAND_MODULE, "[MODULE.js | MODULE.bin]",
         "js/handler.js", "serve a handler over HTTP",
         "Serves one handler, or with --store many functions, over HTTP until\n"
         "SIGINT or SIGTERM. Prints `isere listening on http://HOST:PORT` "
         "when\n"
         "it is ready. Logs go to standard error."},
    [ISERE_COMMAND_INVOKE] =
        {"invoke", ISERE_OPERAND_MODULE, "MODULE.js | MODULE.bin", NULL,
         "call a handler once, without a server",
         "Calls a handler once and prints its response as one line of JSON:\n"
         "{statusCode, headers, body, isBase64Encoded}. A header that occurs\n"
         "more than once is an array. Logs go to standard error. Exit code 1\n"
         "when the handler fails."},
    [ISERE_COMMAND_BUILD] =
        {"build", ISERE_OPERAND_MODULE, "MODULE.js [-o MODULE.bin]", NULL,
         "compile a handler and its imports to bytecode",
         "Compiles a handler and the files it imports to one file of\n"
         "bytecode, for `isere serve` or for a device. The file contains the\n"
         "name, environment, payload format and time limit given here. They\n"
         "apply wherever it runs, unless others are given there."},
    [ISERE_COMMAND_DEPLOY] =
        {"deploy", ISERE_OPERAND_MODULE, "MODULE.js", NULL,
         "put a handler and its imports on a server",
         "Compiles a handler to check it, then sends it with the files that\n"
         "it imports to a server, as a new version of the function:\n"
         "completely, or not at all. Prints the version and the routes. For\n"
         "settings not given here, the server's own apply."},
    [ISERE_COMMAND_LIST] =
        {"list", ISERE_OPERAND_NONE, "", NULL, "list a server's functions",
         "Lists the functions of a server, with their versions and routes."},
    [ISERE_COMMAND_LOGS] =
        {"logs", ISERE_OPERAND_ANY_FUNCTION, "[-f] [NAME]", NULL,
         "show what a server's functions have logged",
         "Shows the recent log lines of a server, or of one function of it.\n"
         "With -f it runs until it is interrupted. Exit code 1 when the "
         "server\n"
         "stops, or does not come back within --wait after a restart. With\n"
         "--json each line is a JSON object."},
    [ISERE_COMMAND_INVOKE_REMOTE] =
        {"invoke-remote", ISERE_OPERAND_FUNCTION, "NAME", NULL,
         "call a function on a server directly, without a route",
         "Calls a function on a server once and prints its response as one\n"
         "line of JSON, as `isere invoke` does. Its logs go to standard\n"
         "error. Exit code 1 when the handler fails."},
    [ISERE_COMMAND_ROLLBACK] =
        {"rollback", ISERE_OPERAND_FUNCTION, "NAME", NULL,
         "go back to the previous version",
         "Makes the previous version of a function the current one again. "
         "Only\n"
         "one previous version is kept: there is no second step back."},
    [ISERE_COMMAND_RELEASE] =
        {"release", ISERE_OPERAND_FUNCTION, "NAME", NULL,
         "end the quarantine of a function",
         "Ends the quarantine of a function that crashed repeatedly, and\n"
         "forgets its crashes. `isere list` says which are quarantined."},
    [ISERE_COMMAND_REMOVE] =
        {"remove", ISERE_OPERAND_FUNCTION, "NAME", NULL,
         "remove a function from a server",
         "Removes a function and all its versions from a server."},
};
