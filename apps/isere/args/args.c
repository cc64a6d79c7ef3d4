/* Parses the command line against the table in args_table.c. Every message
 * names the option and what it takes, since it is all the user sees. */
#include "apps/isere/args/args_cors.h"
#include "apps/isere/args/args_internal.h"
#include "apps/isere/args/env_file.h"
#include "core/util/names/env_name.h"
#include "core/util/names/export_name.h"
#include "core/util/names/function_name.h"
#include "core/util/names/units.h"
#include "isere/error.h"
#include "isere/isere.h"
#include "isere/registry.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

isere_args_result_t isere__args_bad(const isere_args_t *args,
                                    const char *format, ...)
{
    va_list list;
    bool known = args && args->command < ISERE_COMMANDS;
    const char *command = known ? isere_command_infos[args->command].name : "";
    const char *space = known ? " " : "";
    fprintf(stderr, "isere%s%s: ", space, command);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, " (see isere%s%s --help)\n", space, command);
    return ISERE_ARGS_BAD;
}

/* Options know their member by its offset: the table needs no code for each. */
static void *member(isere_args_t *args, const isere_option_t *option)
{
    return (char *)args + option->offset;
}

/* ---- values ---- */

/* A value that is no number at all: an example says more than the syntax. */
static isere_args_result_t bad_number(const isere_args_t *args,
                                      const isere_option_t *option,
                                      const char *value)
{
    static const char *const forms[] = {
        [ISERE_OPTION_NUMBER] = "a number",
        [ISERE_OPTION_SIZE] = "a size such as 512K or 16M",
        [ISERE_OPTION_TIME] = "a time such as 500ms, 3s or 1m",
    };
    return isere__args_bad(args, "--%s takes %s, not '%s'", option->name,
                           forms[option->kind], value);
}

/* Limits are shown in the unit of the option, as they would be typed. */
static isere_args_result_t bad_range(const isere_args_t *args,
                                     const isere_option_t *option,
                                     const char *value)
{
    char min[ISERE_UNITS_TEXT_MAX], max[ISERE_UNITS_TEXT_MAX];
    if (option->kind == ISERE_OPTION_SIZE) {
        isere_units_format_size(option->min, min);
        isere_units_format_size(option->max, max);
    } else if (option->kind == ISERE_OPTION_TIME) {
        isere_units_format_time(option->min, min);
        isere_units_format_time(option->max, max);
    } else {
        snprintf(min, sizeof(min), "%llu", (unsigned long long)option->min);
        snprintf(max, sizeof(max), "%llu", (unsigned long long)option->max);
    }
    return isere__args_bad(args, "--%s must be from %s to %s, not %s",
                           option->name, min, max, value);
}

static isere_args_result_t
set_number(isere_args_t *args, const isere_option_t *option, const char *value)
{
    isere_slice_t text = isere_slice(value);
    uint64_t number = 0;
    int error;
    switch (option->kind) {
    case ISERE_OPTION_SIZE:
        error = isere_units_parse_size(text, &number);
        break;
    case ISERE_OPTION_TIME:
        error = isere_units_parse_time(text, &number);
        break;
    default:
        error = isere_units_parse_number(text, &number);
    }
    /* Other errors are numbers beyond 64 bits, which are out of range, too. */
    if (error == ISERE_ERR_INVAL) {
        return bad_number(args, option, value);
    }
    if (error != 0 || number < option->min || number > option->max) {
        return bad_range(args, option, value);
    }
    /* All numbers have 64 bits, whatever they are used as: min and max in the
     * table keep them within what the members of other types can hold. */
    *(uint64_t *)member(args, option) = number;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t
set_choice(isere_args_t *args, const isere_option_t *option, const char *value)
{
    for (size_t i = 0; option->choices[i]; i++) {
        if (strcmp(value, option->choices[i]) == 0) {
            *(uint64_t *)member(args, option) = i;
            return ISERE_ARGS_RUN;
        }
    }
    return isere__args_bad(args, "--%s takes %s, not '%s'", option->name,
                           option->list, value);
}

/* The last value of a name counts, in the place of the first. The name is
 * compared with its '=', or A would be taken for AB. */
static isere_args_result_t
add_env(isere_args_t *args, const isere_option_t *option, const char *value)
{
    /* The value may contain '=', the name may not. */
    size_t name = strcspn(value, "=");
    if (value[name] != '=' ||
        !isere_env_name_is_valid(isere_slice_of(value, name))) {
        return isere__args_bad(args, "--%s takes NAME=VALUE, not '%s'",
                               option->name, value);
    }
    for (size_t i = 0; i < args->settings.nenv; i++) {
        if (strncmp(args->settings.env[i], value, name + 1) == 0) {
            args->settings.env[i] = value;
            return ISERE_ARGS_RUN;
        }
    }
    if (args->settings.nenv == ISERE_ARGS_MAX_ENV) {
        return isere__args_bad(args, "--%s can be given at most %d times",
                               option->name, ISERE_ARGS_MAX_ENV);
    }
    args->settings.env[args->settings.nenv++] = value;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t
set_text(isere_args_t *args, const isere_option_t *option, const char *value)
{
    if (*value == '\0') {
        return isere__args_bad(args, "--%s must not be empty", option->name);
    }
    /* Borrowed: argv lives as long as the program. */
    *(const char **)member(args, option) = value;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t
add_item(isere_args_t *args, const isere_option_t *option, const char *value)
{
    isere_args_list_t *list = member(args, option);
    if (*value == '\0') {
        return isere__args_bad(args, "--%s must not be empty", option->name);
    }
    if (list->count == ISERE_ARGS_MAX_LIST) {
        return isere__args_bad(args, "--%s can be given at most %d times",
                               option->name, ISERE_ARGS_MAX_LIST);
    }
    list->items[list->count++] = value;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t
set_name(isere_args_t *args, const isere_option_t *option, const char *value)
{
    if (!isere_function_name_is_valid(isere_slice(value))) {
        return isere__args_bad(
            args, "--%s takes " ISERE_FUNCTION_NAME_RULE ", not '%s'",
            option->name, value);
    }
    return set_text(args, option, value);
}

static isere_args_result_t
set_export(isere_args_t *args, const isere_option_t *option, const char *value)
{
    if (!isere_export_name_is_valid(isere_slice(value))) {
        return isere__args_bad(
            args,
            "--%s takes the name of an export (" ISERE_EXPORT_NAME_RULE
            "), not '%s'",
            option->name, value);
    }
    return set_text(args, option, value);
}

static isere_args_result_t
set_option(isere_args_t *args, const isere_option_t *option, const char *value)
{
    switch (option->kind) {
    case ISERE_OPTION_FLAG:
        *(bool *)member(args, option) = true;
        return ISERE_ARGS_RUN;
    case ISERE_OPTION_TEXT:
        return set_text(args, option, value);
    case ISERE_OPTION_NAME:
        return set_name(args, option, value);
    case ISERE_OPTION_EXPORT:
        return set_export(args, option, value);
    case ISERE_OPTION_CHOICE:
        return set_choice(args, option, value);
    case ISERE_OPTION_ENV:
        return add_env(args, option, value);
    case ISERE_OPTION_LIST:
        return add_item(args, option, value);
    default:
        return set_number(args, option, value);
    }
}

isere_args_result_t isere__args_set(isere_args_t *args,
                                    const isere_option_t *option,
                                    const char *value)
{
    /* By the first row of that name and command; there are fewer than 64. */
    args->given |= 1ull << (option - isere_options);
    return set_option(args, option, value);
}

/* ---- the line ---- */

/* Names may stand in the table more than once, for commands that mean different
 * things by them. */
const isere_option_t *isere__args_find(isere_command_t command,
                                       isere_slice_t name, bool is_short)
{
    for (size_t i = 0; i < isere_options_count; i++) {
        const isere_option_t *o = &isere_options[i];
        bool same = is_short ? name.len == 1 && o->letter == *name.ptr
                             : isere_slice_is(name, o->name);
        if (same && (o->commands & (1u << command))) {
            return o;
        }
    }
    return NULL;
}

/* One option; *index moves past the value when that is an argument. There is
 * no -oFILE and no -xy: one way to write an option is enough to explain. */
static isere_args_result_t parse_option(isere_args_t *args, int argc,
                                        char *const *argv, int *index)
{
    const char *arg = argv[*index];
    bool is_short = arg[1] != '-';
    const char *start = arg + (is_short ? 1 : 2);
    size_t len = strcspn(start, "=");
    const char *value = start[len] ? start + len + 1 : NULL;
    isere_slice_t name = isere_slice_of(start, len);
    const isere_option_t *option;
    if (!value && (isere_slice_is(name, is_short ? "h" : "help"))) {
        isere_args_help_command(args->command);
        return ISERE_ARGS_TEXT;
    }
    option = isere__args_find(args->command, name, is_short);
    if (!option) {
        return isere__args_bad(args, "unknown option '%.*s'",
                               (int)(start + len - arg), arg);
    }
    if (option->kind == ISERE_OPTION_FLAG) {
        return value
                   ? isere__args_bad(args, "--%s takes no value", option->name)
                   : isere__args_set(args, option, "");
    }
    if (!value) {
        /* "--name --other" is a forgotten value, not a value: one that really
         * begins with two dashes is given as --name=--other. */
        if (*index + 1 == argc || strncmp(argv[*index + 1], "--", 2) == 0) {
            return isere__args_bad(args, "--%s needs a value: %s", option->name,
                                   option->value);
        }
        value = argv[++*index];
    }
    return isere__args_set(args, option, value);
}

/* An empty name is most likely a variable of a script that is not set. */
static isere_args_result_t set_module(isere_args_t *args, const char *value)
{
    if (*value == '\0') {
        return isere__args_bad(args, "the module's name must not be empty");
    }
    if (args->module) {
        return isere__args_bad(
            args, "only one module can be given: '%s' came after '%s'", value,
            args->module);
    }
    args->module = value;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t set_folder(isere_args_t *args, const char *value)
{
    if (*value == '\0') {
        return isere__args_bad(args, "the folder's name must not be empty");
    }
    if (args->folder) {
        return isere__args_bad(
            args, "only one folder can be given: '%s' came after '%s'", value,
            args->folder);
    }
    args->folder = value;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t set_function(isere_args_t *args, const char *value)
{
    /* The built-in function has no versions: only its quarantine can be
     * ended. */
    bool built_in = args->command == ISERE_COMMAND_RELEASE &&
                    strcmp(value, ISERE_BUILT_IN_NAME) == 0;
    if (!built_in && !isere_function_name_is_valid(isere_slice(value))) {
        return isere__args_bad(
            args, "a function's name is " ISERE_FUNCTION_NAME_RULE ", not '%s'",
            value);
    }
    if (args->function) {
        return isere__args_bad(
            args, "only one function can be given: '%s' came after '%s'", value,
            args->function);
    }
    args->function = value;
    return ISERE_ARGS_RUN;
}

/* What stands without dashes: a module, a function, or nothing that is
 * known. */
static isere_args_result_t set_operand(isere_args_t *args, const char *value)
{
    switch (isere_command_infos[args->command].takes) {
    case ISERE_OPERAND_MODULE:
        return set_module(args, value);
    case ISERE_OPERAND_FOLDER:
        return set_folder(args, value);
    case ISERE_OPERAND_FUNCTION:
    case ISERE_OPERAND_ANY_FUNCTION:
        return set_function(args, value);
    default:
        return isere__args_bad(args, "unexpected argument '%s'", value);
    }
}

/* Whether what the command is about was named, or has a default. */
static isere_args_result_t check_operand(isere_args_t *args)
{
    const isere_command_info_t *info = &isere_command_infos[args->command];
    if (info->takes == ISERE_OPERAND_MODULE && !args->module) {
        args->module = info->module;
        if (!args->module) {
            return isere__args_bad(args, "which module? Usage: isere %s %s",
                                   info->name, info->operand);
        }
    }
    if (info->takes == ISERE_OPERAND_FOLDER && !args->folder) {
        args->folder = info->module;
    }
    if (info->takes == ISERE_OPERAND_FOLDER && !args->folder) {
        return isere__args_bad(args, "which folder? Usage: isere %s %s",
                               info->name, info->operand);
    }
    if (info->takes == ISERE_OPERAND_FUNCTION && !args->function) {
        return isere__args_bad(args, "which function? Usage: isere %s %s",
                               info->name, info->operand);
    }
    return ISERE_ARGS_RUN;
}

/* An option that has no effect on the server that is asked for is a mistake. */
static isere_args_result_t check_store(const isere_args_t *args)
{
    static const char *const of_stores[] = {"token-file", "allow-host"};
    if (args->serve.store && args->module) {
        return isere__args_bad(args,
                               "--store can't be combined with a module, '%s'",
                               args->module);
    }
    if (args->serve.store && args->serve.watch) {
        return isere__args_bad(
            args, "--watch can't be combined with --store: `isere "
                  "deploy` replaces a function of a store while it is "
                  "served");
    }
    if (args->serve.store && args->handler) {
        return isere__args_bad(
            args, "--handler can't be combined with --store: it is an "
                  "option of `isere deploy`, for each function");
    }
    /* A URL or a port in it would never match a Host field, without a word. */
    for (size_t i = 0; i < args->serve.hosts.count; i++) {
        if (strpbrk(args->serve.hosts.items[i], "/:@")) {
            return isere__args_bad(
                args, "--allow-host takes a name without port, not '%s'",
                args->serve.hosts.items[i]);
        }
    }
    for (size_t i = 0; i < 2 && !args->serve.store; i++) {
        if (isere_args_given(args, of_stores[i])) {
            return isere__args_bad(args, "--%s requires --store", of_stores[i]);
        }
    }
    return ISERE_ARGS_RUN;
}

static isere_args_result_t make_cors(isere_args_t *args)
{
    char problem[256];
    if (!isere_args_cors_make(args, problem, sizeof(problem))) {
        return isere__args_bad(args, "%s", problem);
    }
    if (args->cors.policy[0] && args->serve.store) {
        return isere__args_bad(
            args, "--cors-origin can't be combined with --store: it is "
                  "an option of `isere deploy`, for each function");
    }
    return ISERE_ARGS_RUN;
}

/* Where the variable of an entry is, or would be added. */
size_t isere__args_find_env(const isere_args_t *args, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1, i = 0;
    while (i < args->settings.nenv &&
           strncmp(args->settings.env[i], entry, name) != 0) {
        i++;
    }
    return i;
}

/* One line of a file. Its text stays, as argv's do. The first `before`
 * variables are not this file's. */
static isere_args_result_t add_env_line(isere_args_t *args, const char *file,
                                        int number, char *line, size_t before)
{
    char *entry = isere_env_file_entry(line);
    size_t name = entry ? strcspn(entry, "=") : 0, at;
    if (entry && *entry == '\0') {
        return ISERE_ARGS_RUN;
    }
    if (!entry || !isere_env_name_is_valid(isere_slice_of(entry, name))) {
        return isere__args_bad(args, "%s:%d: this is no line NAME=VALUE", file,
                               number);
    }
    at = isere__args_find_env(args, entry);
    if (at < before) {
        return ISERE_ARGS_RUN;
    }
    if (at == ISERE_ARGS_MAX_ENV) {
        return isere__args_bad(args, "%s:%d: more than %d variables", file,
                               number, ISERE_ARGS_MAX_ENV);
    }
    entry = strdup(entry);
    if (!entry) {
        return isere__args_bad(args, "%s", isere_strerror(ISERE_ERR_NOMEM));
    }
    if (at < args->settings.nenv) { /* an earlier line of this file */
        free((char *)(uintptr_t)args->settings.env[at]);
    } else {
        args->settings.nenv++;
    }
    args->settings.env[at] = entry;
    return ISERE_ARGS_RUN;
}

static isere_args_result_t add_env_file(isere_args_t *args, const char *file)
{
    FILE *in = fopen(file, "re");
    char *line = NULL;
    size_t room = 0, before = args->settings.nenv;
    isere_args_result_t result = ISERE_ARGS_RUN;
    int number = 0;
    if (!in) {
        return isere__args_bad(args, "cannot read %s: %s", file,
                               strerror(errno));
    }
    while (result == ISERE_ARGS_RUN && getline(&line, &room, in) >= 0) {
        result = add_env_line(args, file, ++number, line, before);
    }
    if (result == ISERE_ARGS_RUN && ferror(in)) {
        result =
            isere__args_bad(args, "cannot read %s: %s", file, strerror(errno));
    }
    free(line);
    fclose(in);
    return result;
}

/* What is there already stays: --env overrides files, and of files the last
 * one counts, so that is the first to be read. */
static isere_args_result_t add_env_files(isere_args_t *args)
{
    const isere_args_list_t *files = &args->settings.env_files;
    isere_args_result_t result = ISERE_ARGS_RUN;
    for (size_t i = files->count; i > 0 && result == ISERE_ARGS_RUN; i--) {
        result = add_env_file(args, files->items[i - 1]);
    }
    return result;
}

static isere_args_result_t parse_command(isere_args_t *args, int argc,
                                         char *const *argv)
{
    isere_args_result_t result = ISERE_ARGS_RUN;
    /* Behind a "--" everything is an operand, as POSIX utilities have it. */
    bool options = true;
    for (int i = 2; i < argc && result == ISERE_ARGS_RUN; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-') {
            result = parse_option(args, argc, argv, &i);
        } else {
            result = set_operand(args, argv[i]);
        }
    }
    if (result == ISERE_ARGS_RUN && args->command == ISERE_COMMAND_SERVE) {
        result = check_store(args);
    }
    if (result == ISERE_ARGS_RUN) {
        result = make_cors(args);
    }
    if (result == ISERE_ARGS_RUN) {
        result = add_env_files(args);
    }
    if (result == ISERE_ARGS_RUN) {
        result = check_operand(args);
    }
    if (result == ISERE_ARGS_RUN && args->command == ISERE_COMMAND_DEV) {
        result = isere__args_find_main(args);
    }
    if (result == ISERE_ARGS_RUN && !args->serve.store && args->module) {
        result = isere__args_read_config(args);
    }
    return result;
}

bool isere_args_given(const isere_args_t *args, const char *name)
{
    for (size_t i = 0; i < isere_options_count; i++) {
        if ((args->given & (1ull << i)) &&
            strcmp(isere_options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The presets go through the same parser as what is typed: a wrong one would be
 * found by the first test. */
static void set_presets(isere_args_t *args)
{
    memset(args, 0, sizeof(*args));
    for (size_t i = 0; i < isere_options_count; i++) {
        if (isere_options[i].preset) {
            (void)set_option(args, &isere_options[i], isere_options[i].preset);
        }
    }
    /* None yet: messages name no command then. */
    args->command = ISERE_COMMANDS;
}

isere_args_result_t isere_args_parse(isere_args_t *args, int argc,
                                     char *const *argv)
{
    set_presets(args);
    if (argc < 2) {
        return isere__args_bad(args, "which command?");
    }
    /* Before a command, only these are options. */
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        isere_args_help_program();
        return ISERE_ARGS_TEXT;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("isere %s\n", isere_version());
        return ISERE_ARGS_TEXT;
    }
    for (int i = 0; i < ISERE_COMMANDS; i++) {
        if (strcmp(argv[1], isere_command_infos[i].name) == 0) {
            args->command = (isere_command_t)i;
            return parse_command(args, argc, argv);
        }
    }
    return isere__args_bad(args, "unknown %s '%s'",
                           argv[1][0] == '-' ? "option" : "command", argv[1]);
}
