/* Reads the errors that esbuild prints for people: the message behind
 * "[ERROR] ", then the place, the line of source and a mark, each indented. */
#include "apps/isere/load/esbuild_error.h"
#include "core/util/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK "[ERROR] "

/* Packages that have what a module of Node has, in plain JavaScript. */
typedef struct replacement {
    const char *module;
    const char *use;
} replacement_t;

static const replacement_t replacements[] = {
    {"assert", "run `npm install assert`"},
    {"buffer", "run `npm install buffer`"},
    {"events", "run `npm install events`"},
    {"os", "run `npm install os-browserify`"},
    {"os-browserify/browser", "run `npm install os-browserify`"},
    {"path", "run `npm install path-browserify`"},
    {"path-browserify", "run `npm install path-browserify`"},
    {"process", "run `npm install process`"},
    {"process/browser", "run `npm install process`"},
    {"punycode", "run `npm install punycode`"},
    {"querystring", "run `npm install querystring-es3`"},
    {"querystring-es3", "run `npm install querystring-es3`"},
    {"stream", "run `npm install stream-browserify`"},
    {"stream-browserify", "run `npm install stream-browserify`"},
    {"string_decoder", "run `npm install string_decoder`"},
    {"url", "use the global URL, or run `npm install url`"},
    {"util", "run `npm install util`"},
    {"crypto", "use crypto.getRandomValues and crypto.randomUUID, or a package "
               "such as @noble/hashes"},
    {"fs", "handlers have no files: import what you need, as JSON or text"},
    {"timers", "use the global setTimeout"},
    {"perf_hooks", "use the global performance"},
    {"http", "a handler is called by the server, it does not listen"},
    {"https", "a handler is called by the server, it does not listen"},
    {"zlib", "use the global CompressionStream, or a package such as fflate"},
};

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

static const char *replacement(isere_slice_t name)
{
    for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]);
         i++) {
        if (isere_slice_is(name, replacements[i].module)) {
            return replacements[i].use;
        }
    }
    return NULL;
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
    bool is_node = name.len > 5 && strncmp(name.ptr, "node:", 5) == 0;
    isere_slice_t module =
        is_node ? isere_slice_of(name.ptr + 5, name.len - 5) : name;
    const char *use = replacement(module);
    int len = (int)name.len;
    size_t room = sizeof(fault->message);
    snprintf(fault->message, room, "cannot import '%.*s': ", len, name.ptr);
    if (use) {
        append(fault->message, room, "it is a module of Node: %s", use);
    } else if (is_node) {
        append(fault->message, room,
               "it is a module of Node, which is not here");
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
