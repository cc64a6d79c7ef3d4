/*
 * The command line: what it may say (one table, args_table.c, from which
 * defaults, checks and help texts come) and what it said.
 */
#ifndef ISERE_APPS_ISERE_ARGS_ARGS_H
#define ISERE_APPS_ISERE_ARGS_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the program. */
enum {
    ISERE_EXIT_OK = 0,
    ISERE_EXIT_FAULT = 1, /* the handler, a file or a server is at fault */
    ISERE_EXIT_USAGE = 2,
};

typedef enum isere_command {
    ISERE_COMMAND_NEW,
    ISERE_COMMAND_DEV,
    ISERE_COMMAND_SERVE,
    ISERE_COMMAND_INVOKE,
    ISERE_COMMAND_BUILD,
    ISERE_COMMAND_DEPLOY,
    ISERE_COMMAND_LIST,
    ISERE_COMMAND_LOGS,
    ISERE_COMMAND_INVOKE_REMOTE,
    ISERE_COMMAND_ROLLBACK,
    ISERE_COMMAND_RELEASE,
    ISERE_COMMAND_REMOVE,
    ISERE_COMMANDS,
} isere_command_t;

#define ISERE_ARGS_MAX_ENV 256
#define ISERE_ARGS_MAX_LIST 64

/* The values of an option that may be repeated, in their order. */
typedef struct isere_args_list {
    size_t count;
    const char *items[ISERE_ARGS_MAX_LIST + 1]; /* NULL-terminated */
} isere_args_list_t;

/* Sizes are in bytes, times in milliseconds. */

/* `serve`: what is served, and the server's limits. */
typedef struct isere_args_serve {
    const char *host;
    const char *store; /* NULL: one module is served */
    isere_args_list_t hosts;
    bool watch, alone, access_log;
    uint64_t port, workers; /* workers 0: one per core */
    uint64_t instances, queue, max_connections;
    uint64_t max_head, max_body, buffer;
    uint64_t header_timeout, request_timeout, idle_timeout;
} isere_args_serve_t;

/* What other origins may do; all empty: nothing. */
typedef struct isere_args_cors {
    isere_args_list_t origins, methods, headers, expose;
    bool credentials;
    uint64_t max_age;
    char policy[1024]; /* all of it, as core/util/cors.h has it; "": none */
} isere_args_cors_t;

/* A function's settings. */
typedef struct isere_args_settings {
    uint64_t memory, stack, timeout, init_timeout;
    uint64_t payload;            /* an isere_payload_t */
    uint64_t isolation;          /* an isere_isolation_t */
    bool no_env;                 /* a redeploy keeps none of the old */
    isere_args_list_t env_files; /* what is in them is in env, too */
    size_t nenv;
    const char *env[ISERE_ARGS_MAX_ENV + 1]; /* NULL-terminated */
} isere_args_settings_t;

/* The commands that talk to a server. */
typedef struct isere_args_remote {
    const char *to; /* NULL: see ISERE_URL */
    isere_args_list_t routes;
    bool follow;
    uint64_t wait;
    uint64_t level; /* which lines `logs` shows, if it is given */
} isere_args_remote_t;

typedef struct isere_args_build {
    const char *output;  /* NULL: the module's name with .bin */
    const char *depfile; /* NULL: none */
    bool no_source;
} isere_args_build_t;

/* `new`: what is made. */
typedef struct isere_args_create {
    uint64_t template_index; /* in isere_args_templates */
    bool ts;
} isere_args_create_t;

/* All options; those of other commands keep their defaults. Texts are those
 * of argv or constant. */
typedef struct isere_args {
    isere_command_t command;
    const char *module;
    const char *folder;     /* that a command is about */
    const char *function;   /* that a command is about; NULL: none given */
    const char *name;       /* NULL: the module's name */
    const char *handler;    /* the export; NULL: the usual ones */
    const char *event;      /* NULL: none given */
    const char *token_file; /* NULL: in the store, or see ISERE_TOKEN */
    bool json, core_dumps;
    uint64_t log_level;  /* an isere_log_level_t */
    uint64_t log_format; /* an isere_log_format_t */
    uint64_t given;      /* bits 1 << index in isere_options: not by default */
    isere_args_serve_t serve;
    isere_args_settings_t settings;
    isere_args_cors_t cors;
    isere_args_remote_t remote;
    isere_args_build_t build;
    isere_args_create_t create;
} isere_args_t;

typedef enum isere_args_result {
    ISERE_ARGS_RUN,  /* a command with its options */
    ISERE_ARGS_TEXT, /* help or version was printed to stdout */
    ISERE_ARGS_BAD,  /* a line on stderr said what is wrong */
} isere_args_result_t;

/* Reads the command line. */
isere_args_result_t isere_args_parse(isere_args_t *args, int argc,
                                     char *const *argv);

/* Whether the command line gives the option of that name. */
bool isere_args_given(const isere_args_t *args, const char *name);

/* ---- The tables ---- */

typedef enum isere_option_kind {
    ISERE_OPTION_FLAG,   /* bool, no value */
    ISERE_OPTION_TEXT,   /* const char * */
    ISERE_OPTION_NAME,   /* the same, of a function */
    ISERE_OPTION_EXPORT, /* the same, of an export */
    ISERE_OPTION_NUMBER, /* uint64_t, these four */
    ISERE_OPTION_SIZE,
    ISERE_OPTION_TIME,
    ISERE_OPTION_CHOICE, /* index in `choices` */
    ISERE_OPTION_ENV,    /* appended to env */
    ISERE_OPTION_LIST,   /* appended to an isere_args_list_t */
} isere_option_kind_t;

typedef struct isere_option {
    const char *name;  /* without the dashes */
    char letter;       /* short form, or 0 */
    unsigned commands; /* bits 1 << isere_command_t */
    isere_option_kind_t kind;
    size_t offset;      /* of its member in isere_args_t */
    const char *value;  /* what the help calls its value */
    const char *preset; /* default, as it would be typed; NULL: see help */
    uint64_t min, max;
    const char *const *choices; /* NULL-terminated */
    const char *list;           /* the same in words */
    const char *help; /* NULL: a benchmark's yardstick, not for users */
} isere_option_t;

/* What a command takes besides options. */
typedef enum isere_operand {
    ISERE_OPERAND_NONE,
    ISERE_OPERAND_MODULE,
    ISERE_OPERAND_FOLDER,
    ISERE_OPERAND_FUNCTION,     /* the name of one */
    ISERE_OPERAND_ANY_FUNCTION, /* the same, but it may be left out */
} isere_operand_t;

typedef struct isere_command_info {
    const char *name;
    isere_operand_t takes;
    const char *operand; /* as in the usage line */
    const char *module;  /* default module, NULL: must be given */
    const char *summary; /* for isere --help */
    const char *details; /* for isere COMMAND --help */
} isere_command_info_t;

extern const char *const isere_args_templates[]; /* NULL-terminated */
extern const isere_option_t isere_options[];
extern const size_t isere_options_count;
extern const isere_command_info_t isere_command_infos[ISERE_COMMANDS];

/* Print to stdout. */
void isere_args_help_program(void);
void isere_args_help_command(isere_command_t command);

#endif
