/* Compiles JavaScript of the project to bytecode in a C header, at build time:
 * what lies in read-only memory until a function touches it. */
#include "quickjs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 *     embed OUT.h NAME=FILE.js...
 *
 * Each file is one expression, a function. NAME+PARAMETERS=FILE.js is for a
 * library: the function returns one that has these parameters, and the text as
 * its body. OUT.h gets `static const uint8_t NAME_code[]`.
 */

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "embed: %s: %s\n", name, what);
    exit(1);
}

/* The file's text between two others, with a NUL behind it. */
static char *read_text(const char *name, const char *front, const char *back)
{
    FILE *file = fopen(name, "rb");
    size_t head = strlen(front);
    size_t tail = strlen(back);
    if (!file || fseek(file, 0, SEEK_END)) {
        fail("can't be read", name);
    }
    size_t size = (size_t)ftell(file);
    char *text = malloc(head + size + tail + 1);
    rewind(file);
    if (!text || fread(text + head, 1, size, file) != size) {
        fail("can't be read", name);
    }
    fclose(file);
    memcpy(text, front, head);
    memcpy(text + head + size, back, tail + 1);
    return text;
}

static void fail_thrown(JSContext *ctx, const char *name)
{
    JSValue thrown = JS_GetException(ctx);
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *text = JS_ToCString(ctx, thrown);
    const char *place = JS_ToCString(ctx, stack);
    fprintf(stderr, "%s", place ? place : "");
    fail(text ? text : "does not compile", name);
}

static void write_bytes(FILE *out, const char *name, const uint8_t *bytes,
                        size_t size)
{
    fprintf(out, "static const uint8_t %s_code[] = {", name);
    for (size_t i = 0; i < size; i++) {
        fprintf(out, "%s%u,", i % 20 ? "" : "\n", bytes[i]);
    }
    fprintf(out, "\n};\n");
}

/* Without lines and file names: a stack names the function's own places only.
 */
static void embed(FILE *out, const char *name, const char *file,
                  const char *front, const char *back)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = rt ? JS_NewContext(rt) : NULL;
    if (!ctx) {
        fail("out of memory", file);
    }
    char *text = read_text(file, front, back);
    JS_SetStripInfo(rt, JS_STRIP_DEBUG);
    JSValue code = JS_Eval(ctx, text, strlen(text), file,
                           JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(code)) {
        fail_thrown(ctx, file);
    }
    size_t size;
    uint8_t *bytes = JS_WriteObject(ctx, &size, code, JS_WRITE_OBJ_BYTECODE);
    if (!bytes) {
        fail_thrown(ctx, file);
    }
    write_bytes(out, name, bytes, size);
    fprintf(stderr, "embed: %s has %zu bytes\n", name, size);
    js_free(ctx, bytes);
    JS_FreeValue(ctx, code);
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
    free(text);
}

static void embed_argument(FILE *out, char *argument)
{
    char front[512] = "";
    char *file = strchr(argument, '=');
    if (!file) {
        fail("is not NAME=FILE", argument);
    }
    *file++ = 0;
    char *parameters = strchr(argument, '+');
    if (parameters) {
        *parameters++ = 0;
        snprintf(front, sizeof(front), "(function () { return function (%s) {",
                 parameters);
    }
    embed(out, argument, file, front, parameters ? "\n}})" : "");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: embed OUT.h NAME[+PARAMETERS]=FILE.js...\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        fail("can't be written", argv[1]);
    }
    fprintf(out, "/* Made by apps/embed. */\n#include <stdint.h>\n");
    for (int i = 2; i < argc; i++) {
        embed_argument(out, argv[i]);
    }
    return fclose(out) ? 1 : 0;
}
