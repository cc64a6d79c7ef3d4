/* Faults without an engine: messages, and places taken from the text of a
 * stack. */
#include "core/heap/fault.h"
#include "core/util/text.h"
#include <stdio.h>
#include <stdlib.h>

/* All of it is cleared: the struct may hold an earlier fault's place. */
void isere_fault_set(isere_fault_t *fault, const char *message)
{
    memset(fault, 0, sizeof(*fault));
    isere_text_copy(fault->message, sizeof(fault->message),
                    isere_slice(message));
}

/* Reads ":LINE:COLUMN" at the end of `place` and cuts it off. From the end,
 * since the name of a file may have colons in it, too. QuickJS counts both from
 * 1. */
static void take_position(isere_slice_t *place, int *line, int *column)
{
    int numbers[2] = {0, 0};
    size_t len = place->len;
    for (int i = 0; i < 2; i++) {
        size_t end = len;
        while (len > 0 && place->ptr[len - 1] >= '0' &&
               place->ptr[len - 1] <= '9') {
            len--;
        }
        if (len == end || len == 0 || place->ptr[len - 1] != ':') {
            return;
        }
        numbers[i] = atoi(place->ptr + len);
        len--;
    }
    *column = numbers[0];
    *line = numbers[1];
    place->len = len;
}

/* The two forms are QuickJS's. Only one has brackets, which file names of ours
 * don't have. */
void isere_fault_take_place(isere_fault_t *fault, isere_slice_t line)
{
    static const isere_slice_t at = ISERE_SLICE("    at ");
    if (line.len <= at.len || memcmp(line.ptr, at.ptr, at.len) != 0) {
        return;
    }
    line.ptr += at.len;
    line.len -= at.len;
    const char *open = memchr(line.ptr, '(', line.len);
    if (open) {
        size_t before = (size_t)(open + 1 - line.ptr);
        line.ptr += before;
        line.len -= before;
        if (line.len > 0 && line.ptr[line.len - 1] == ')') {
            line.len--;
        }
    }
    take_position(&line, &fault->line, &fault->column);
    if (fault->line > 0) {
        isere_text_copy(fault->file, sizeof(fault->file), line);
    }
}

/* A message may have line breaks; what looks like the first line of a stack
 * ends it. */
void isere_fault_take_text(isere_fault_t *fault, isere_slice_t text)
{
    isere_slice_t message = text;
    const char *stack = isere_text_find(text, "\n    at ");
    if (stack) {
        message.len = (size_t)(stack - text.ptr);
        isere_slice_t rest =
            isere_slice_of(stack + 1, text.len - message.len - 1);
        isere_text_copy(fault->stack, sizeof(fault->stack), rest);
        const char *end = memchr(rest.ptr, '\n', rest.len);
        if (end) {
            rest.len = (size_t)(end - rest.ptr);
        }
        isere_fault_take_place(fault, rest);
    }
    isere_text_copy(fault->message, sizeof(fault->message), message);
}

/* Half a hint would be worse than none. */
void isere_fault_hint(isere_fault_t *fault, const char *hint)
{
    size_t len = strlen(fault->message);
    size_t hint_len = strlen(hint);
    if (len + hint_len < sizeof(fault->message)) {
        memcpy(fault->message + len, hint, hint_len + 1);
    }
}

void isere_fault_describe_crash(const isere_port_t *port, const char *what,
                                char *text, size_t size)
{
    char where[128] = "";
    if (port->exec_fault) {
        port->exec_fault(port->ctx, where, sizeof(where));
    }
    /* Without words of the port the second argument is not used. */
    snprintf(text, size, where[0] ? "%s: %s" : "%s", what, where);
}
