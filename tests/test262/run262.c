/*
 * Runs tests of test262 in the engine as it is built here:
 *
 *   run262 HARNESS
 *
 * Reads a test from each line of standard input, with tabs in between:
 *
 *   FLAGS  PHASE  TYPE  FILE  INCLUDE,INCLUDE...
 *
 * FLAGS are of "async", "module", "raw" and "strict", with commas, PHASE and
 * TYPE the error that is expected, or all of these "-". Answers each with a
 * line "pass" or "fail REASON". Each test gets a process of its own, whose
 * runtime is never taken apart, as that of a handler is not. What passes is
 * said in test262's INTERPRETING.md.
 */
#define _DEFAULT_SOURCE
#include <quickjs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_LEN = 4096,
    REASON_LEN = 400,
    STACK_BYTES = 1 << 20,
    MEMORY_BYTES = 1 << 30,
    CPU_SECONDS = 20,
    WALL_SECONDS = 300,
};

static const char strict_mode[] = "\"use strict\";\n";

typedef struct {
    bool is_async;
    bool is_module;
    bool is_raw;
    bool is_strict;
    const char *phase; /* NULL: no error expected */
    const char *type;
    const char *file;
    char *includes;
} test_t;

static struct {
    const char *harness;
    clock_t end;
    bool async_done;
    char reason[REASON_LEN]; /* of a failure; empty: none yet */
} run;

/* The first failure is kept, in one line and cut where room ends. */
static void fail(const char *what, const char *detail)
{
    size_t room = sizeof(run.reason) - 1;
    if (!run.reason[0]) {
        strncat(run.reason, what, room);
        strncat(run.reason, detail ? detail : "", room - strlen(run.reason));
        run.reason[strcspn(run.reason, "\r\n")] = 0;
    }
}

/* ---- files ---- */

/* The text of a file after `front`, to be freed; NULL when it can't be read. */
static char *read_file(const char *path, const char *front, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    size_t front_len = strlen(front);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(front_len + size + 1);
    if (!text) {
        abort();
    }
    memcpy(text, front, front_len);
    *len = front_len + fread(text + front_len, 1, size, file);
    text[*len] = 0;
    fclose(file);
    return text;
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque)
{
    size_t len;
    (void)opaque;
    char *text = read_file(name, "", &len);
    if (!text) {
        JS_ThrowReferenceError(ctx, "there is no module %s", name);
        return NULL;
    }
    JSValue module = JS_Eval(ctx, text, len, name,
                             JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    free(text);
    if (JS_IsException(module)) {
        return NULL;
    }
    JSModuleDef *m = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module); /* the context has it, too */
    return m;
}

/* ---- what tests find in their realm ---- */

static JSValue add_host(JSContext *ctx);

static JSValue js_print(JSContext *ctx, JSValueConst self, int argc,
                        JSValueConst *argv)
{
    (void)self;
    const char *text = argc > 0 ? JS_ToCString(ctx, argv[0]) : NULL;
    if (!text) {
        return JS_EXCEPTION;
    }
    if (strcmp(text, "Test262:AsyncTestComplete") == 0) {
        run.async_done = true;
    } else if (strncmp(text, "Test262:AsyncTestFailure:", 25) == 0) {
        fail(text + 25, NULL);
    }
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

static JSValue js_create_realm(JSContext *ctx, JSValueConst self, int argc,
                               JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    JSContext *realm = JS_NewContext(JS_GetRuntime(ctx));
    if (!realm) {
        return JS_ThrowOutOfMemory(ctx);
    }
    JSValue host = add_host(realm);
    JS_FreeContext(realm); /* its objects keep it */
    return host;
}

static JSValue js_detach(JSContext *ctx, JSValueConst self, int argc,
                         JSValueConst *argv)
{
    (void)self;
    (void)argc;
    JS_DetachArrayBuffer(ctx, argv[0]);
    return JS_NULL;
}

static JSValue js_eval_script(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv)
{
    size_t len;
    (void)self;
    (void)argc;
    const char *text = JS_ToCStringLen(ctx, &len, argv[0]);
    if (!text) {
        return JS_EXCEPTION;
    }
    JSValue value =
        JS_Eval(ctx, text, len, "<evalScript>", JS_EVAL_TYPE_GLOBAL);
    JS_FreeCString(ctx, text);
    return value;
}

static JSValue js_gc(JSContext *ctx, JSValueConst self, int argc,
                     JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    JS_RunGC(JS_GetRuntime(ctx));
    return JS_UNDEFINED;
}

static JSValue js_html_dda(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)ctx;
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NULL;
}

static void add_function(JSContext *ctx, JSValueConst object, const char *name,
                         JSCFunction *function)
{
    JS_DefinePropertyValueStr(ctx, object, name,
                              JS_NewCFunction(ctx, function, name, 1),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

/* Adds print and $262 to the global object; returns $262. */
static JSValue add_host(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue host = JS_NewObject(ctx);
    JSValue html_dda = JS_NewCFunction(ctx, js_html_dda, "IsHTMLDDA", 0);
    add_function(ctx, global, "print", js_print);
    add_function(ctx, host, "createRealm", js_create_realm);
    add_function(ctx, host, "detachArrayBuffer", js_detach);
    add_function(ctx, host, "evalScript", js_eval_script);
    add_function(ctx, host, "gc", js_gc);
    JS_SetIsHTMLDDA(ctx, html_dda);
    JS_SetPropertyStr(ctx, host, "IsHTMLDDA", html_dda);
    JS_SetPropertyStr(ctx, host, "agent", JS_NewObject(ctx));
    JS_SetPropertyStr(ctx, host, "global", JS_DupValue(ctx, global));
    JS_DefinePropertyValueStr(ctx, global, "$262", JS_DupValue(ctx, host),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_FreeValue(ctx, global);
    return host;
}

/* ---- judgement ---- */

/* Judges an error that came up in `phase`; takes the value. */
static void judge_error(JSContext *ctx, const test_t *test, const char *phase,
                        JSValue error)
{
    JSValue made_by = JS_GetPropertyStr(ctx, error, "constructor");
    JSValue name = JS_GetPropertyStr(ctx, made_by, "name");
    const char *type = JS_ToCString(ctx, name);
    const char *text = JS_ToCString(ctx, error);
    if (!test->phase) {
        fail(text ? text : "an exception that is no text", NULL);
    } else if (strcmp(test->phase, phase) != 0) {
        fail("the error came in phase ", phase);
    } else if (!type || strcmp(test->type, type) != 0) {
        fail("wrong error: ", text);
    }
    JS_FreeCString(ctx, type);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, name);
    JS_FreeValue(ctx, made_by);
    JS_FreeValue(ctx, error);
    /* What turning it into text may have thrown is nobody's business. */
    JS_FreeValue(ctx, JS_GetException(ctx));
}

static void run_jobs(JSContext *ctx)
{
    JSContext *job_ctx;
    int status;
    do {
        status = JS_ExecutePendingJob(JS_GetRuntime(ctx), &job_ctx);
        if (status < 0) {
            JS_FreeValue(job_ctx, JS_GetException(job_ctx));
        }
    } while (status != 0);
}

/* 0, or -1 after judging the error */
static int evaluate(JSContext *ctx, const test_t *test, const char *text,
                    size_t len)
{
    int type = test->is_module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
    JSValue code =
        JS_Eval(ctx, text, len, test->file, type | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(code)) {
        /* Compiling a module gets those that it imports as well. */
        bool resolves = test->is_module && test->phase &&
                        strcmp(test->phase, "resolution") == 0;
        judge_error(ctx, test, resolves ? "resolution" : "parse",
                    JS_GetException(ctx));
        return -1;
    }
    JSValue value = JS_EvalFunction(ctx, code);
    if (JS_IsException(value)) {
        judge_error(ctx, test, test->is_module ? "resolution" : "runtime",
                    JS_GetException(ctx));
        return -1;
    }
    run_jobs(ctx);
    int status = 0;
    if (test->is_module && JS_PromiseState(ctx, value) == JS_PROMISE_REJECTED) {
        judge_error(ctx, test, "runtime", JS_PromiseResult(ctx, value));
        status = -1;
    }
    JS_FreeValue(ctx, value);
    return status;
}

static void include(JSContext *ctx, const char *name)
{
    char path[LINE_LEN];
    size_t len;
    snprintf(path, sizeof(path), "%s/%s", run.harness, name);
    char *text = read_file(path, "", &len);
    if (!text) {
        fail("cannot read ", path);
        return;
    }
    JSValue value = JS_Eval(ctx, text, len, path, JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value)) {
        fail("an exception in ", path);
    }
    JS_FreeValue(ctx, value);
    free(text);
}

static void run_in(JSContext *ctx, const test_t *test)
{
    size_t len;
    JS_FreeValue(ctx, add_host(ctx));
    if (!test->is_raw) {
        include(ctx, "assert.js");
        include(ctx, "sta.js");
    }
    if (test->is_async) {
        include(ctx, "doneprintHandle.js");
    }
    for (char *name = test->includes; *name && *name != '-';) {
        char *end = name + strcspn(name, ",");
        char *next = *end ? end + 1 : end;
        *end = 0;
        include(ctx, name);
        name = next;
    }
    char *text =
        read_file(test->file, test->is_strict ? strict_mode : "", &len);
    if (!text) {
        fail("cannot read ", test->file);
    }
    if (run.reason[0]) {
        free(text);
        return;
    }
    bool threw = evaluate(ctx, test, text, len) != 0;
    free(text);
    if (!threw && test->phase) {
        fail("no error was thrown", NULL);
    }
    if (!threw && test->is_async && !run.async_done) {
        fail("$DONE was not called", NULL);
    }
}

static int is_late(JSRuntime *rt, void *opaque)
{
    (void)rt;
    (void)opaque;
    if (clock() < run.end) {
        return 0;
    }
    fail("it took too long", NULL);
    return 1;
}

static void run_test(const test_t *test)
{
    run.end = clock() + (clock_t)CPU_SECONDS * CLOCKS_PER_SEC;
    alarm(WALL_SECONDS); /* for what never asks is_late */
    JSRuntime *rt = JS_NewRuntime();
    JS_SetMemoryLimit(rt, MEMORY_BYTES);
    JS_SetMaxStackSize(rt, STACK_BYTES);
    JS_SetInterruptHandler(rt, is_late, NULL);
    JS_SetModuleLoaderFunc(rt, NULL, load_module, NULL);
    run_in(JS_NewContext(rt), test);
    if (run.reason[0]) {
        printf("fail %s\n", run.reason);
    } else {
        puts("pass");
    }
    fflush(stdout);
}

/* Runs the test in a process of its own. */
static void run_apart(const test_t *test)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        run_test(test);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("run262");
        exit(2);
    }
    if (WIFSIGNALED(status)) {
        printf("fail the engine ended with signal %d\n", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        printf("fail the engine ended with status %d\n", WEXITSTATUS(status));
    }
    fflush(stdout);
}

/* ---- lines ---- */

static char *next_field(char **line)
{
    char *field = *line;
    char *end = field + strcspn(field, "\t\n");
    *line = *end ? end + 1 : end;
    *end = 0;
    return field;
}

static test_t parse(char *line)
{
    test_t test = {0};
    const char *flags = next_field(&line);
    test.is_async = strstr(flags, "async");
    test.is_module = strstr(flags, "module");
    test.is_raw = strstr(flags, "raw");
    test.is_strict = strstr(flags, "strict");
    const char *phase = next_field(&line);
    test.phase = strcmp(phase, "-") == 0 ? NULL : phase;
    test.type = next_field(&line);
    test.file = next_field(&line);
    test.includes = next_field(&line);
    return test;
}

int main(int argc, char **argv)
{
    char line[LINE_LEN];
    if (argc != 2) {
        fprintf(stderr, "usage: run262 HARNESS, with tests in its input\n");
        return 2;
    }
    run.harness = argv[1];
    while (fgets(line, sizeof(line), stdin)) {
        test_t test = parse(line);
        run_apart(&test);
    }
    return 0;
}
