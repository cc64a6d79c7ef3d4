/* isere build: compiles a module and its imports to one file of bytecode. */
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/program.h"
#include <errno.h>
#include <stdio.h>

/* MODULE.js becomes MODULE.bin; a name without an extension gets one. */
static bool default_output(const char *module, char *out, size_t size)
{
    const char *slash = strrchr(module, '/');
    const char *dot = strrchr(slash ? slash + 1 : module, '.');
    int stem = dot && dot > (slash ? slash + 1 : module) ? (int)(dot - module)
                                                         : (int)strlen(module);
    return snprintf(out, size, "%.*s.bin", stem, module) < (int)size;
}

/* A file's name in a rule of make. */
static void put_dependency(FILE *out, const char *folder, const char *name)
{
    const char *parts[] = {folder, name};
    fputc(' ', out);
    for (int i = 0; i < 2; i++) {
        for (const char *p = parts[i]; *p; p++) {
            /* make and ninja agree on these three. */
            if (*p == ' ' || *p == '#') {
                fputc('\\', out);
            } else if (*p == '$') {
                fputc('$', out);
            }
            fputc(*p, out);
        }
    }
}

/* OUTPUT: every file that was read. */
static int write_depfile(const char *path, const char *output,
                         const isere_files_t *files)
{
    FILE *out = fopen(path, "w");
    if (out) {
        fprintf(out, "%s:", output);
        for (const isere_file_t *f = files->files; f; f = f->next) {
            /* Only what was there: a file that was looked for in vain would
             * make each build run again. */
            if (files->is_bundle ? f->bundled : f->data != NULL) {
                put_dependency(out, files->folder, f->name);
            }
        }
        fputc('\n', out);
    }
    if (!out || fclose(out) != 0) {
        fprintf(stderr, "isere: cannot write %s: %s\n", path, strerror(errno));
        return ISERE_ERR_IO;
    }
    return 0;
}

/* Written whole or not at all: a build that was interrupted leaves no half
 * file. */
static int write_output(const isere_args_t *args, const isere_files_t *files,
                        const void *code, size_t size)
{
    const char *output = args->build.output;
    char name[4096];
    if (!output) {
        if (!default_output(args->module, name, sizeof(name))) {
            fputs("isere: the module's name is too long\n", stderr);
            return ISERE_ERR_LIMIT;
        }
        output = name;
    }
    /* `isere build handler.js -o handler.js` would destroy the source. */
    if (isere_files_contain(files, output)) {
        fprintf(stderr, "isere: %s is a source file of the function\n", output);
        return ISERE_ERR_INVAL;
    }
    if (isere_files_write(output, code, size) != 0) {
        fprintf(stderr, "isere: cannot write %s: %s\n", output,
                strerror(errno));
        return ISERE_ERR_IO;
    }
    fprintf(stderr, "isere: wrote %s, %zu bytes\n", output, size);
    if (args->build.depfile) {
        return write_depfile(args->build.depfile, output, files);
    }
    return 0;
}

/* Puts the settings of the command line into the bytecode. There is always a
 * name, since a device does not know the file's. */
static int add_settings(const isere_port_t *port, const isere_args_t *args,
                        const isere_program_t *program, void **code,
                        size_t *size)
{
    char name[ISERE_PROGRAM_NAME_MAX];
    isere_bundle_settings_t settings = {
        .name = args->name,
        .env = args->settings.env,
        .handler = args->handler,
        .has_payload = isere_args_given(args, "payload"),
        .has_timeout = isere_args_given(args, "timeout"),
        .payload = (isere_payload_t)args->settings.payload,
        .timeout_ms = (uint32_t)args->settings.timeout,
    };
    void *plain = *code;
    if (!settings.name) {
        isere_program_name(program, name);
        settings.name = name;
    }
    int error = isere_bundle_rewrite(port, plain, &settings, code, size);
    if (error != 0) {
        fprintf(stderr,
                "isere: cannot put the settings into the bytecode: %s\n",
                isere_strerror(error));
        return error;
    }
    /* The bundle with the settings is a copy. */
    isere_free(port, plain);
    return 0;
}

int isere_cmd_build(const isere_args_t *args)
{
    isere_program_t program;
    isere_fault_t fault;
    isere_port_t port;
    void *code = NULL;
    size_t size = 0;
    int error = isere_program_port_init(&port, args);
    if (error != 0) {
        return ISERE_EXIT_FAULT;
    }
    error = isere_program_compile(&port, args, &program, &code, &size, &fault);
    if (error != 0) {
        isere_program_print_fault(&fault, error);
    } else {
        error = add_settings(&port, args, &program, &code, &size);
        if (error == 0) {
            error = write_output(args, &program.files, code, size);
        }
        isere_free(&port, code);
    }
    isere_program_release(&port, &program);
    isere_linux_port_deinit(&port);
    return error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT;
}
