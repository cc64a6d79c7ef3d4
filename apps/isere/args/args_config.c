/* Reads isere.json, the file beside a module that says what options say. */
#include "apps/isere/args/args_internal.h"
#include "core/util/cors.h"
#include "core/util/json_check.h"
#include "core/util/json_read.h"
#include "core/util/utf8.h"
#include "isere/error.h"
#include "isere/isere.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "isere.json"
#define FILE_MAX (64 * 1024) /* bytes: people write it */

/* A member and the option that says the same. */
typedef struct row {
    const char *member; /* as it stands in JSON */
    const char *option;
} row_t;

static const row_t rows[] = {
    {"\"name\"", "name"},       {"\"routes\"", "route"},
    {"\"memory\"", "memory"},   {"\"timeout\"", "timeout"},
    {"\"payload\"", "payload"}, {"\"env\"", "env"},
    {"\"handler\"", "handler"},
};

/* What is being read. */
typedef struct config {
    isere_args_t *args;
    char *path;
    char *text;
    uint64_t given; /* what the command line gave, before */
    size_t env;     /* the same of variables */
} config_t;

/* Says what is wrong, with the line. */
static isere_args_result_t bad_at(const config_t *config, const char *at,
                                  const char *message)
{
    int line = 1;
    for (const char *c = config->text; c < at; c++) {
        line += *c == '\n';
    }
    return isere__args_bad(config->args, "%s:%d: %s", config->path, line,
                           message);
}

/* The text of a string between two others, a copy; NULL when there is no
 * memory. A NUL in it is refused before. */
static char *copy_text(const char *string, const char *before,
                       const char *behind)
{
    size_t used = strlen(before), len = isere_json_text_len(string);
    size_t more = strlen(behind) + 5; /* the reader wants room for 4 */
    isere_json_text_t text = isere_json_text(string);
    char *copy = malloc(used + len + more), *end;
    size_t got;
    if (!copy) {
        return NULL;
    }
    end = copy + used;
    memcpy(copy, before, used);
    while ((got = isere_json_text_next(
                &text, end, used + len + more - (size_t)(end - copy))) > 0) {
        end += got;
    }
    memcpy(end, behind, strlen(behind) + 1);
    return copy;
}

/* An amount as it would be typed: sizes are bytes, times milliseconds. */
static char *copy_amount(const isere_option_t *option, uint64_t amount)
{
    char *copy = malloc(32);
    if (copy) {
        snprintf(copy, 32, "%llu%s", (unsigned long long)amount,
                 option->kind == ISERE_OPTION_TIME ? "ms" : "");
    }
    return copy;
}

/* Gives the option a value; the copies live as long as the program. */
static isere_args_result_t set(const config_t *config,
                               const isere_option_t *option, const char *value)
{
    bool is_number =
        option->kind == ISERE_OPTION_SIZE || option->kind == ISERE_OPTION_TIME;
    uint64_t amount;
    char *copy = NULL;
    isere_args_result_t result;
    if (*value == '"') {
        copy = copy_text(value, "", "");
    } else if (is_number && (*value == '-' || strchr("0123456789", *value)) &&
               isere_json_amount(value, &amount)) {
        copy = copy_amount(option, amount);
    } else {
        return bad_at(config, value,
                      is_number ? "a text or a whole number is expected"
                                : "a text is expected");
    }
    if (!copy) {
        return bad_at(config, value, isere_strerror(ISERE_ERR_NOMEM));
    }
    result = isere__args_set(config->args, option, copy);
    if (result != ISERE_ARGS_RUN) {
        free(copy);
        return bad_at(config, value, "this is where that stands");
    }
    if (is_number || option->kind == ISERE_OPTION_CHOICE) {
        free(copy); /* was read: nothing points to it */
    }
    return result;
}

static isere_args_result_t set_list(const config_t *config,
                                    const isere_option_t *option,
                                    const char *value)
{
    isere_json_each_t each = {.at = value};
    isere_args_result_t result = ISERE_ARGS_RUN;
    if (*value != '[') {
        return bad_at(config, value, "a list of texts is expected");
    }
    while (result == ISERE_ARGS_RUN && isere_json_next(&each)) {
        result = set(config, option, each.value);
    }
    return result;
}

/* One variable, unless the command line or a file of it gave that. */
static isere_args_result_t set_variable(const config_t *config,
                                        const isere_option_t *option,
                                        const isere_json_each_t *each)
{
    isere_args_result_t result;
    char *entry, *name;
    if (*each->value != '"') {
        return bad_at(config, each->value, "the value of a variable is a text");
    }
    name = copy_text(each->name, "", "=");
    entry = name ? copy_text(each->value, name, "") : NULL;
    free(name);
    if (!entry) {
        return bad_at(config, each->value, isere_strerror(ISERE_ERR_NOMEM));
    }
    if (isere__args_find_env(config->args, entry) < config->env) {
        free(entry);
        return ISERE_ARGS_RUN;
    }
    result = isere__args_set(config->args, option, entry);
    if (result != ISERE_ARGS_RUN) {
        free(entry);
        return bad_at(config, each->value, "this is where that stands");
    }
    return result;
}

static isere_args_result_t
set_env(const config_t *config, const isere_option_t *option, const char *value)
{
    isere_json_each_t each = {.at = value};
    isere_args_result_t result = ISERE_ARGS_RUN;
    if (*value != '{') {
        return bad_at(config, value, "an object of variables is expected");
    }
    while (result == ISERE_ARGS_RUN && isere_json_next(&each)) {
        result = set_variable(config, option, &each);
    }
    return result;
}

/* One object where the command line has several options: those win as a whole.
 */
static isere_args_result_t set_cors(const config_t *config, const char *value)
{
    char *policy = config->args->cors.policy;
    char where[64], message[256];
    size_t len;
    if (policy[0]) {
        return ISERE_ARGS_RUN;
    }
    const char *problem =
        isere_cors_read(value, policy, ISERE_CORS_MAX, &len, where);
    if (problem) {
        snprintf(message, sizeof(message), "cors%s: %s", where, problem);
        return bad_at(config, value, message);
    }
    return ISERE_ARGS_RUN;
}

/* One member of the file. */
static isere_args_result_t set_member(const config_t *config,
                                      const isere_json_each_t *each)
{
    const isere_option_t *option;
    const row_t *row = NULL;
    if (isere_json_text_equals(each->name, "\"cors\"")) {
        return set_cors(config, each->value);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !row; i++) {
        row = isere_json_text_equals(each->name, rows[i].member) ? &rows[i]
                                                                 : NULL;
    }
    if (!row && !isere_json_text_equals(each->name, "\"main\"")) {
        return bad_at(config, each->name,
                      "there is no such member; there are main, name, handler, "
                      "routes, memory, timeout, payload, cors and env");
    }
    option = row ? isere__args_find(config->args->command,
                                    isere_slice(row->option), false)
                 : NULL;
    if (!option) {
        return ISERE_ARGS_RUN; /* other commands have it */
    }
    if (option->kind == ISERE_OPTION_ENV) {
        return set_env(config, option, each->value);
    }
    if (config->given & (1ull << (option - isere_options))) {
        return ISERE_ARGS_RUN;
    }
    return option->kind == ISERE_OPTION_LIST
               ? set_list(config, option, each->value)
               : set(config, option, each->value);
}

static isere_args_result_t read_members(const config_t *config, size_t size)
{
    isere_json_each_t each = {.at = isere_json_value(config->text)};
    isere_args_result_t result = ISERE_ARGS_RUN;
    isere_json_error_t wrong;
    if (!isere_utf8_valid(config->text, size)) {
        return bad_at(config, config->text, "this is not UTF-8");
    }
    if (!isere_json_check_object(isere_slice_of(config->text, size), &wrong)) {
        return isere__args_bad(config->args, "%s:%d:%d: %s", config->path,
                               wrong.line, wrong.column, wrong.message);
    }
    /* No value here can have one, and texts of C end with it. */
    if (strstr(config->text, "\\u0000")) {
        return bad_at(config, strstr(config->text, "\\u0000"),
                      "no value can have a NUL");
    }
    while (result == ISERE_ARGS_RUN && isere_json_next(&each)) {
        result = set_member(config, &each);
    }
    return result;
}

static isere_args_result_t read_file(config_t *config)
{
    isere_args_result_t result = ISERE_ARGS_RUN;
    FILE *in = fopen(config->path, "re");
    size_t size;
    if (!in) {
        return errno == ENOENT || errno == ENOTDIR
                   ? ISERE_ARGS_RUN
                   : isere__args_bad(config->args, "cannot read %s: %s",
                                     config->path, strerror(errno));
    }
    config->text = malloc(FILE_MAX + 1);
    size = config->text ? fread(config->text, 1, FILE_MAX, in) : 0;
    if (!config->text || ferror(in)) {
        result = isere__args_bad(config->args, "cannot read %s: %s",
                                 config->path, strerror(errno));
    } else if (size == FILE_MAX) {
        result = isere__args_bad(config->args, "%s is longer than %d KB",
                                 config->path, FILE_MAX / 1024);
    } else {
        config->text[size] = '\0';
        result = read_members(config, size);
    }
    fclose(in);
    free(config->text);
    return result;
}

isere_args_result_t isere__args_read_config(isere_args_t *args)
{
    const char *slash = strrchr(args->module, '/');
    size_t len = slash ? (size_t)(slash + 1 - args->module) : 0;
    config_t config = {.args = args,
                       .path = malloc(len + sizeof(FILE_NAME)),
                       .given = args->given,
                       .env = args->settings.nenv};
    isere_args_result_t result;
    if (!config.path) {
        return isere__args_bad(args, "%s", isere_strerror(ISERE_ERR_NOMEM));
    }
    memcpy(config.path, args->module, len);
    memcpy(config.path + len, FILE_NAME, sizeof(FILE_NAME));
    result = read_file(&config);
    free(config.path);
    return result;
}

isere_args_result_t isere__args_find_main(isere_args_t *args)
{
    static const char *const names[] = {"index", "handler", "main", "app"};
    static const char *const ends[] = {".ts", ".tsx", ".js", ".mjs", ".jsx"};
    size_t count = sizeof(names) / sizeof(*names) * 5;
    size_t size = strlen(args->folder) + sizeof("/handler.tsx");
    char *path = malloc(size);
    struct stat info;
    if (!path) {
        return isere__args_bad(args, "%s", isere_strerror(ISERE_ERR_NOMEM));
    }
    if (stat(args->folder, &info) != 0) {
        free(path);
        return isere__args_bad(args, "cannot read %s: %s", args->folder,
                               strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        args->module = args->folder;
        free(path);
        return ISERE_ARGS_RUN;
    }
    for (size_t i = 0; i < count; i++) {
        /* In the current folder, names are as one would type them. */
        snprintf(path, size, "%s%s%s%s",
                 strcmp(args->folder, ".") == 0 ? "" : args->folder,
                 strcmp(args->folder, ".") == 0 ? "" : "/", names[i / 5],
                 ends[i % 5]);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            args->module = path; /* lives as long as the program */
            return ISERE_ARGS_RUN;
        }
    }
    free(path);
    return isere__args_bad(
        args,
        "%s has no index, handler, main or app (.ts, .tsx, .js, .mjs, .jsx); "
        "`isere new` makes a folder with a function",
        args->folder);
}
