/* Reads the errors that esbuild prints for people: the message behind
 * "[ERROR] ", then the place, the line of source and a mark, each indented. */
#include "apps/isere/load/esbuild_error.h"
#include "apps/isere/node/node_names.h"
#include "core/util/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK "[ERROR] "

/* Appends to a text; what does not fit is cut off. */
static void append(char *text, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t room, const char *format, ...)
{
    size_t len = strlen(text);
    va_list list;
    va_start(list, format);
    vsnprintf(text + len, room - len, format, list);
    va_end(list);
}

static isere_slice_t line_at(const char *at)
{
    return isere_slice_of(at, strcspn(at, "\n"));
}

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

/* Where the message of the next error begins; NULL: there is none. */
static const char *next_error(const char *text)
{
    const char *mark = strstr(text, MARK);
    return mark ? mark + strlen(MARK) : NULL;
}

/* Takes ":NUMBER" off the end of a line; -1 when there is none. */
static int take_number(isere_slice_t *line)
{
    size_t end = line->len, from = end;
    while (from > 0 && line->ptr[from - 1] >= '0' &&
           line->ptr[from - 1] <= '9') {
        from--;
    }
    if (from == end || from < 2 || line->ptr[from - 1] != ':' ||
        end - from > 8) {
        return -1;
    }
    line->len = from - 1;
    return atoi(line->ptr + from);
}

/* "    FILE:LINE:COLUMN:", of which the column counts from 0. */
static bool read_place(isere_slice_t line, const char *folder,
                       isere_fault_t *fault)
{
    int column, number;
    while (line.len > 0 && *line.ptr == ' ') {
        line.ptr++;
        line.len--;
    }
    if (line.len == 0 || line.ptr[line.len - 1] != ':') {
        return false;
    }
    line.len--;
    column = take_number(&line);
    number = take_number(&line);
    if (column < 0 || number < 0 || line.len == 0) {
        return false;
    }
    snprintf(fault->file, sizeof(fault->file), "%s%.*s", folder, (int)line.len,
             line.ptr);
    fault->line = number;
    fault->column = column + 1;
    return true;
}

/* The name in `Could not resolve "NAME"`; empty: it is another error. */
static isere_slice_t unresolved(isere_slice_t message)
{
    static const char begin[] = "Could not resolve \"";
    isere_slice_t name = {0};
    size_t len = sizeof(begin) - 1;
    if (message.len > len && strncmp(message.ptr, begin, len) == 0) {
        const char *end = memchr(message.ptr + len, '"', message.len - len);
        name = isere_slice_of(message.ptr + len,
                              end ? (size_t)(end - message.ptr) - len : 0);
    }
    return name;
}

/* "@scope/package/file.js" is in the package "@scope/package". */
static int package_len(isere_slice_t name)
{
    int slashes = name.ptr[0] == '@' ? 2 : 1;
    size_t len = 0;
    while (len < name.len && (name.ptr[len] != '/' || --slashes > 0)) {
        len++;
    }
    return (int)len;
}

static void tell_unresolved(isere_slice_t name, isere_fault_t *fault)
{
    const char *use = isere_node_instead(name);
    int len = (int)name.len;
    size_t room = sizeof(fault->message);
    snprintf(fault->message, room, "cannot import '%.*s': ", len, name.ptr);
    if (use) {
        append(fault->message, room, "it is a module of Node: %s", use);
    } else if (name.ptr[0] == '.' || name.ptr[0] == '/') {
        append(fault->message, room, "no such file");
    } else {
        append(fault->message, room,
               "there is no such package: run `npm install %.*s`",
               package_len(name), name.ptr);
    }
}

/* The line of source, or the mark below it, behind esbuild's frame. */
static bool put_source(isere_slice_t line, isere_fault_t *fault)
{
    static const char *const frames[] = {"\xe2\x94\x82 ", "\xe2\x95\xb5 "};
    for (int i = 0; i < 2; i++) {
        const char *at = memmem(line.ptr, line.len, frames[i], 4);
        if (at) {
            at += 4;
            append(fault->stack, sizeof(fault->stack), "    %.*s\n",
                   (int)(line.ptr + line.len - at), at);
            return true;
        }
    }
    return false;
}

/* Of the errors behind the first one: a line each. */
static void put_others(const char *text, const char *folder,
                       isere_fault_t *fault)
{
    isere_fault_t other;
    while ((text = next_error(text))) {
        isere_slice_t message = line_at(text);
        other = (isere_fault_t){0};
        for (int i = 0; i < 2 && !other.line; i++) {
            text = next_line(text);
            (void)read_place(line_at(text), folder, &other);
        }
        append(fault->stack, sizeof(fault->stack), "%s:%d:%d: %.*s\n",
               other.file, other.line, other.column, (int)message.len,
               message.ptr);
    }
}

void isere_esbuild_error(const char *text, const char *folder,
                         isere_fault_t *fault)
{
    const char *at = next_error(text);
    memset(fault, 0, sizeof(*fault));
    if (!at) {
        isere_slice_t line = line_at(text);
        snprintf(fault->message, sizeof(fault->message), "esbuild failed: %.*s",
                 (int)line.len, line.ptr);
        return;
    }
    isere_slice_t message = line_at(at);
    isere_slice_t name = unresolved(message);
    if (name.len > 0) {
        tell_unresolved(name, fault);
    } else {
        isere_text_copy(fault->message, sizeof(fault->message),
                        message.len > 0 ? message
                                        : isere_slice("esbuild failed"));
    }
    /* An empty line is between the message and the place. */
    for (int i = 0; i < 2 && !fault->line; i++) {
        at = next_line(at);
        (void)read_place(line_at(at), folder, fault);
    }
    do {
        at = next_line(at);
    } while (fault->line && put_source(line_at(at), fault));
    put_others(at, folder, fault);
}

/* Whether the import is one that a program may go on without: of a module of
 * Node, or in code that asks for it while it runs. */
static bool is_optional(isere_slice_t name, isere_slice_t source)
{
    return isere_node_instead(name) ||
           memmem(source.ptr, source.len, "import(", 7) ||
           memmem(source.ptr, source.len, "require(", 8);
}

void isere_esbuild_error_each_missing(const char *text,
                                      isere_esbuild_error_missing_t *each,
                                      void *ctx)
{
    /* A file of the user's own is told at once. */
    for (const char *at = text; (at = next_error(at));) {
        isere_slice_t name = unresolved(line_at(at));
        isere_slice_t place = line_at(next_line(next_line(at)));
        isere_slice_t source = line_at(next_line(next_line(next_line(at))));
        if (name.len == 0 || name.ptr[0] == '.' || name.ptr[0] == '/' ||
            !memmem(place.ptr, place.len, "node_modules/", 13) ||
            !is_optional(name, source)) {
            return;
        }
    }
    for (const char *at = text; (at = next_error(at));) {
        isere_fault_t fault = {0};
        isere_slice_t name = unresolved(line_at(at));
        if (name.len > 0) {
            tell_unresolved(name, &fault);
            each(ctx, name, fault.message);
        }
    }
}
