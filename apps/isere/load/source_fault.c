/* Says on stderr what is wrong with a function's source: the place, the line
 * with a caret below, and the trace. */
#include "apps/isere/load/source_fault.h"
#include "apps/isere/load/caret.h"
#include "apps/isere/load/program.h"
#include "ports/linux/out.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Files that were looked for in vain have no data. */
static const isere_file_t *find_file(const isere_files_t *files,
                                     const char *name)
{
    for (const isere_file_t *f = files->files; f; f = f->next) {
        if (f->data && strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

/* The lines of a stack trace. A trace of one line only repeats the place. */
static void put_stack(isere_out_t *out, const char *stack)
{
    const char *first = strchr(stack, '\n');
    if (!first || first[1] == '\0') {
        return;
    }
    /* The engine's text is kept line by line; escaping it as a whole would
     * escape the newlines, too. */
    while (*stack) {
        size_t len = strcspn(stack, "\n");
        isere_out_escaped(out, isere_slice_of(stack, len));
        isere_out_text(out, "\n");
        stack += len + (stack[len] == '\n');
    }
}

/* Whether the stack is the line of source, with a mark: esbuild's errors have
 * that, and no trace. */
static bool has_source(const isere_fault_t *fault)
{
    return fault->stack[0] && strncmp(fault->stack, "    at ", 7) != 0;
}

/* Names begin as they were typed. */
void isere_source_fault_print(const isere_files_t *files,
                              const isere_fault_t *fault)
{
    const isere_file_t *file = find_file(files, fault->file);
    char buffer[1024], place[64];
    isere_out_t out;
    isere_out_init(&out, STDERR_FILENO, buffer, sizeof(buffer));
    snprintf(place, sizeof(place), ":%d:%d", fault->line, fault->column);
    isere_out_escaped(&out, isere_slice(file ? files->folder : ""));
    isere_out_escaped(&out, isere_slice(fault->file));
    isere_out_text(&out, fault->line > 0 ? place : "");
    isere_out_text(&out, ": ");
    isere_out_escaped(&out, isere_slice(fault->message));
    isere_out_text(&out, "\n");
    if (file && fault->line > 0 && !has_source(fault)) {
        isere_caret_put(&out, isere_slice_of(file->data, file->size),
                        fault->line, fault->column);
    }
    put_stack(&out, fault->stack);
    isere_out_flush(&out);
}

void isere_source_fault_print_local(const isere_files_t *files,
                                    isere_fault_t *fault, int error)
{
    size_t len = files->folder ? strlen(files->folder) : 0;
    if (fault->file[0] == '\0') {
        isere_program_print_fault(fault, error);
        return;
    }
    if (len > 0 && strncmp(fault->file, files->folder, len) == 0) {
        memmove(fault->file, fault->file + len, strlen(fault->file + len) + 1);
    }
    isere_source_fault_print(files, fault);
}
