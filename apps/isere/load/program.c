/* From a path on the command line to a function: reads the file, compiles it
 * (unless it is bytecode already) and applies the options. */
#include "apps/isere/load/program.h"
#include "apps/isere/load/esbuild.h"
#include "apps/isere/map/map_kept.h"
#include "core/code/compile.h"
#include "core/util/text.h"
#include "core/util/utf8.h"
#include "ports/linux/out.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

isere_linux_config_t isere_program_port_config(const isere_args_t *args)
{
    isere_linux_config_t config;
    isere_linux_config_init(&config);
    config.log_level = (isere_log_level_t)args->log_level;
    config.log_format = (isere_log_format_t)args->log_format;
    /* With one function its name in every line would be noise. */
    config.log_functions = args->serve.store != NULL;
    config.log_rewrite = isere_map_text;
    return config;
}

int isere_program_port_init(isere_port_t *port, const isere_args_t *args)
{
    isere_linux_config_t config = isere_program_port_config(args);
    int error = isere_linux_port_init(port, &config);
    if (error != 0) {
        fprintf(stderr,
                "isere: cannot set up a thread (epoll, eventfd, timers): "
                "%s\n",
                strerror(errno));
    }
    return error;
}

/* A message, as the caller prints faults of the compiler. */
static int open_files(const isere_args_t *args, isere_program_t *program,
                      isere_fault_t *fault)
{
    int error = isere_files_open(&program->files, args->module);
    if (error != 0) {
        snprintf(fault->message, sizeof(fault->message), "cannot read %s: %s",
                 args->module, strerror(errno));
    }
    return error;
}

/* Finds the first byte that is not UTF-8; it is there. */
static void find_bad_byte(const isere_file_t *file, isere_fault_t *fault)
{
    const char *p = file->data;
    const char *end = p + file->size;
    size_t used;
    fault->line = 1;
    fault->column = 1;
    for (; p < end; p += used) {
        isere_utf8_decode(p, (size_t)(end - p), &used);
        if (!isere_utf8_valid(p, used)) {
            return;
        }
        bool ends_line = *p == '\n';
        fault->line += ends_line;
        fault->column = ends_line ? 1 : fault->column + 1;
    }
}

/* The engine takes any bytes, but a package can't carry them: what runs here
 * would be refused by `isere deploy`. */
static int check_text(const isere_files_t *files, const char *folder,
                      isere_fault_t *fault)
{
    for (const isere_file_t *f = files->files; f; f = f->next) {
        if (f->data && !isere_utf8_valid(f->data, f->size)) {
            memset(fault, 0, sizeof(*fault));
            snprintf(fault->file, sizeof(fault->file), "%s%s", folder, f->name);
            snprintf(fault->message, sizeof(fault->message),
                     "the file is not UTF-8: save it in that encoding");
            find_bad_byte(f, fault);
            return ISERE_ERR_HANDLER;
        }
    }
    return 0;
}

/* `folder` is put before the modules' names, in messages and stack traces. */
static int compile(const isere_port_t *port, const isere_args_t *args,
                   isere_program_t *program, const char *folder, void **code,
                   size_t *size, isere_fault_t *fault)
{
    isere_files_t *files = &program->files;
    const isere_compile_options_t options = {
        .loader = &files->loader,
        .main_name = files->main->name,
        .prefix = folder,
        .no_source = args->build.no_source,
    };
    int error = isere_compile_with(port, &options, code, size, fault);
    if (error == 0 && check_text(files, folder, fault) != 0) {
        isere_free(port, *code);
        *code = NULL;
        return ISERE_ERR_HANDLER;
    }
    /* Out of memory, for example, has no place in the source. */
    if (error != 0 && fault->message[0] == '\0') {
        snprintf(fault->message, sizeof(fault->message), "%s%s: %s",
                 files->folder, files->main_name, isere_strerror(error));
    }
    return error;
}

/* A program that compiled, and names a global of Node: bundling puts that in.
 * Where it can't, the name may be one that is never reached. */
static int compile_for_node(const isere_port_t *port, const isere_args_t *args,
                            isere_program_t *program, const char *folder,
                            void **code, size_t *size, isere_fault_t *fault)
{
    isere_fault_t ignored = {0};
    if (isere_esbuild_run(&program->files, args->settings.env, &ignored) != 0) {
        return 0;
    }
    isere_free(port, *code);
    *code = NULL;
    return compile(port, args, program, folder, code, size, fault);
}

/* Compiles the module or, when that is not JavaScript with relative imports
 * alone, what esbuild makes of it. */
static int compile_any(const isere_port_t *port, const isere_args_t *args,
                       isere_program_t *program, const char *folder,
                       void **code, size_t *size, isere_fault_t *fault)
{
    isere_files_t *files = &program->files;
    const char *const *env = args->settings.env;
    bool is_common_js = isere_esbuild_is_common_js(files);
    int error = 0;
    if (is_common_js || isere_esbuild_is_needed(files)) {
        error = isere_esbuild_run(files, env, fault);
        if (error == ISERE_ERR_NOENT && !is_common_js) {
            isere_esbuild_missing(files, fault);
        }
        /* Without esbuild CommonJS fails with a message of its own. */
        if (error != 0 && (error != ISERE_ERR_NOENT || !is_common_js)) {
            return error;
        }
    }
    error = compile(port, args, program, folder, code, size, fault);
    if (error == 0 && isere_esbuild_is_for_node(files)) {
        return compile_for_node(port, args, program, folder, code, size, fault);
    }
    if (error == 0 || files->is_bundle ||
        !isere_esbuild_would_help(files, fault)) {
        return error;
    }
    switch (isere_esbuild_run(files, env, fault)) {
    case 0:
        return compile(port, args, program, folder, code, size, fault);
    case ISERE_ERR_NOENT:
        isere_esbuild_missing(files, fault);
        break;
    default:
        break;
    }
    return error;
}

/* By its first bytes, whatever the file is called. */
static bool is_bytecode(const isere_program_t *program)
{
    return isere_bundle_detect(program->files.main->data,
                               program->files.main->size);
}

/* A damaged .bin does not look like bytecode. Compiling it as source would give
 * a strange syntax error. */
static bool is_named_bin(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".bin") == 0;
}

void isere_program_name(const isere_program_t *program,
                        char name[ISERE_PROGRAM_NAME_MAX])
{
    isere_slice_t text = isere_slice(program->files.main_name);
    const char *dot = strrchr(text.ptr, '.');
    if (dot && dot > text.ptr) {
        text.len = (size_t)(dot - text.ptr);
    }
    isere_text_copy(name, ISERE_PROGRAM_NAME_MAX, text);
}

/* The settings in the bytecode; options of the command line override them. */
static int configure(const isere_args_t *args, isere_function_config_t *config,
                     const void *code, size_t size, isere_fault_t *fault)
{
    int error = isere_function_config_read(config, code, size, fault);
    if (isere_args_given(args, "payload")) {
        config->payload = (isere_payload_t)args->settings.payload;
    }
    if (isere_args_given(args, "timeout")) {
        config->timeout_ms = (uint32_t)args->settings.timeout;
    }
    if (args->handler) {
        config->handler = args->handler;
    }
    if (args->cors.policy[0]) {
        config->cors = args->cors.policy;
    }
    config->env = args->settings.env;
    config->memory_bytes = (size_t)args->settings.memory;
    config->stack_bytes = (size_t)args->settings.stack;
    config->isolation = (isere_isolation_t)args->settings.isolation;
    config->init_timeout_ms = (uint32_t)args->settings.init_timeout;
    return error;
}

isere_slice_t isere_program_code(const isere_program_t *program)
{
    const isere_file_t *main = program->files.main;
    return program->code ? isere_slice_of(program->code, program->code_size)
                         : isere_slice_of(main->data, main->size);
}

/* Bytecode is checked here: its checksum and the version of the engine. */
int isere_program_create(const isere_port_t *port, const isere_args_t *args,
                         isere_program_t *program, isere_fault_t *fault)
{
    isere_slice_t code = isere_program_code(program);
    isere_function_config_t config;
    char name[ISERE_PROGRAM_NAME_MAX];
    int error;
    isere_function_config_init(&config);
    /* The default; bytecode may contain another name. */
    isere_program_name(program, name);
    config.name = name;
    error = configure(args, &config, code.ptr, code.len, fault);
    if (error == 0) {
        error = isere_function_create(port, code.ptr, code.len, &config,
                                      &program->function, fault);
    }
    /* A fault without a file is about the module as a whole. */
    if (error != 0 && fault->file[0] == '\0') {
        isere_text_copy(fault->file, sizeof(fault->file),
                        isere_slice(args->module));
    }
    return error;
}

int isere_program_load(const isere_port_t *port, const isere_args_t *args,
                       isere_program_t *program, isere_fault_t *fault)
{
    int error;
    memset(program, 0, sizeof(*program));
    memset(fault, 0, sizeof(*fault));
    error = open_files(args, program, fault);
    if (error == 0 && !is_bytecode(program) &&
        !is_named_bin(program->files.main_name)) {
        error = compile_any(port, args, program, program->files.folder,
                            &program->code, &program->code_size, fault);
    }
    return error ? error : isere_program_create(port, args, program, fault);
}

/* The function first: it uses the bytes. */
void isere_program_release(const isere_port_t *port, isere_program_t *program)
{
    isere_function_destroy(program->function);
    /* Else the bytes are those of the file. */
    if (program->code) {
        isere_free(port, program->code);
    }
    isere_files_close(&program->files);
    memset(program, 0, sizeof(*program));
}

int isere_program_compile(const isere_port_t *port, const isere_args_t *args,
                          isere_program_t *program, void **code, size_t *size,
                          isere_fault_t *fault)
{
    int error;
    memset(program, 0, sizeof(*program));
    memset(fault, 0, sizeof(*fault));
    error = open_files(args, program, fault);
    if (error != 0) {
        return error;
    }
    if (is_bytecode(program)) {
        snprintf(fault->message, sizeof(fault->message),
                 "%s is bytecode already", args->module);
        return ISERE_ERR_INVAL;
    }
    /* The bytecode must not contain the path where it was built. Messages
     * should have it, so on an error everything is compiled once more, with the
     * path. */
    error = compile_any(port, args, program, "", code, size, fault);
    if (error != 0) {
        memset(fault, 0, sizeof(*fault));
        error = compile_any(port, args, program, program->files.folder, code,
                            size, fault);
    }
    return error == ISERE_ERR_LIMIT ? ISERE_ERR_NOMEM : error;
}

/* As compilers do: file, line, column, message; then the trace. */
void isere_program_fault_text(const isere_fault_t *fault,
                              char text[ISERE_PROGRAM_FAULT_MAX])
{
    size_t room = ISERE_PROGRAM_FAULT_MAX, at = 0;
    size_t stack = strlen(fault->stack);
    char *mapped;
    if (fault->file[0]) {
        at += (size_t)snprintf(text, room, "%s:", fault->file);
        if (fault->line > 0) {
            at += (size_t)snprintf(text + at, room - at, "%d:%d:", fault->line,
                                   fault->column);
        }
        text[at++] = ' ';
    }
    /* The trace ends with a newline, and so does the caller's line. */
    while (stack > 0 && fault->stack[stack - 1] == '\n') {
        stack--;
    }
    snprintf(text + at, room - at, "%s%s%.*s", fault->message,
             stack > 0 ? "\n" : "", (int)stack, fault->stack);
    mapped = isere_map_text(isere_slice(text));
    if (mapped) {
        isere_text_copy(text, ISERE_PROGRAM_FAULT_MAX, isere_slice(mapped));
        free(mapped);
    }
}

void isere_program_print_fault(const isere_fault_t *fault, int error)
{
    char text[ISERE_PROGRAM_FAULT_MAX], buffer[1024];
    const char *line = fault->message[0] ? text : isere_strerror(error);
    isere_out_t out;
    isere_program_fault_text(fault, text);
    isere_out_init(&out, STDERR_FILENO, buffer, sizeof(buffer));
    if (!fault->file[0]) {
        isere_out_text(&out, "isere: ");
    }
    /* Lines are kept, other controls are escaped. */
    while (line) {
        size_t len = strcspn(line, "\n");
        isere_out_escaped(&out, isere_slice_of(line, len));
        isere_out_text(&out, "\n");
        line = line[len] ? line + len + 1 : NULL;
    }
    isere_out_flush(&out);
}
