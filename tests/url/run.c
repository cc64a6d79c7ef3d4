/*
 * Runs a script in a plain QuickJS context with URL and URLSearchParams:
 *
 *   run SCRIPT [FILE...]
 *
 * The script finds the contents of the files in the array `files` and prints
 * with print(). Exit status 0, or 1 after an uncaught exception or when the
 * script sets `failed` to something true.
 */
#include "core/web/url/url.h"
#include "core/web/web.h"
#include <stdio.h>
#include <stdlib.h>

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    *len = 0;
    if (!file) {
        perror(path);
        exit(1);
    }
    for (size_t room = 0; !feof(file);) {
        if (room - *len < 4096) {
            room += 65536;
            text = realloc(text, room);
            if (!text) {
                abort();
            }
        }
        *len += fread(text + *len, 1, room - *len - 1, file);
    }
    fclose(file);
    text[*len] = 0;
    return text;
}

static JSValue print(JSContext *ctx, JSValueConst this_val, int argc,
                     JSValueConst *argv)
{
    (void)this_val;
    const char *text = argc > 0 ? JS_ToCString(ctx, argv[0]) : NULL;
    if (text) {
        puts(text);
        JS_FreeCString(ctx, text);
    }
    return JS_UNDEFINED;
}

static void report(JSContext *ctx)
{
    JSValue error = JS_GetException(ctx);
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    const char *text = JS_ToCString(ctx, error);
    const char *trace = JS_ToCString(ctx, stack);
    fprintf(stderr, "%s\n%s\n", text ? text : "?", trace ? trace : "");
    JS_FreeCString(ctx, text);
    JS_FreeCString(ctx, trace);
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, error);
}

static int run(JSContext *ctx, int argc, char **argv)
{
    size_t len;
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue files = JS_NewArray(ctx);
    if (isere__url_install(ctx, global) < 0) {
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        char *text = read_file(argv[i], &len);
        JS_SetPropertyUint32(ctx, files, (uint32_t)(i - 2),
                             JS_NewStringLen(ctx, text, len));
        free(text);
    }
    JS_SetPropertyStr(ctx, global, "files", files);
    JS_SetPropertyStr(ctx, global, "print",
                      JS_NewCFunction(ctx, print, "print", 1));
    char *script = read_file(argv[1], &len);
    JSValue result = JS_Eval(ctx, script, len, argv[1], JS_EVAL_TYPE_GLOBAL);
    free(script);
    int status = JS_IsException(result);
    if (status) {
        report(ctx);
    }
    JSValue failed = JS_GetPropertyStr(ctx, global, "failed");
    status |= JS_ToBool(ctx, failed) != 0;
    JS_FreeValue(ctx, failed);
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, global);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: run SCRIPT [FILE...]\n");
        return 2;
    }
    isere__url_register_classes();
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    int status = run(ctx, argc, argv);
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
    return status;
}
