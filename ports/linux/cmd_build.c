/* isere build: a module and its imports to one file of bytecode. */
#include "ports/linux/commands.h"
#include "ports/linux/program.h"
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

static int write_output(const isere_args_t *args, const isere_files_t *files,
                        const void *code, size_t size)
{
    const char *output = args->output;
    char name[4096];

    if (!output) {
        if (!default_output(args->module, name, sizeof(name))) {
            fputs("isere: the module's name is too long\n", stderr);
            return ISERE_ERR_LIMIT;
        }
        output = name;
    }
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
    return 0;
}

int isere_command_build(const isere_args_t *args)
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
        error = write_output(args, &program.files, code, size);
        port.resize(port.ctx, code, 0);
    }
    isere_program_release(&port, &program);
    isere_linux_port_deinit(&port);
    return error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT;
}
