/*
 * Runs each script tests/js/NAME.test.js in a real isolate: once as a module
 * in the init phase, and then as the body of a handler, in two requests. The
 * test clock is moved to wherever the next timer is due.
 */
#define _POSIX_C_SOURCE 200809L
#include "core/isolate/isolate_internal.h"
#include "core/web/inspect/inspect.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/text_file.h"
#include "tests/unit/support/unit.h"
#include <dirent.h>
#include <time.h>

enum { PATH_LEN = 512, SCRIPTS = 64 };

static js_fixture_t f;
static isere_port_t port;
static char folder[PATH_LEN];
static char *scripts[SCRIPTS];
static int script_count;
static isere_slice_t last_log;

/* ---- files ---- */

static char *read_file(const char *name)
{
    char path[2 * PATH_LEN];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return text_file_read(path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static DIR *open_folder(void)
{
    /* ctest runs in the repository's root; elsewhere, next to this file. */
    strcpy(folder, "tests/js");
    DIR *dir = opendir(folder);
    if (!dir) {
        snprintf(folder, sizeof(folder), "%s", __FILE__);
        char *slash = strrchr(folder, '/');
        strcpy(slash ? slash + 1 : folder, "../js");
        dir = opendir(folder);
    }
    return dir;
}

static void find_scripts(void)
{
    DIR *dir = open_folder();
    if (!dir) {
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) && script_count < SCRIPTS) {
        if (ends_with(entry->d_name, ".test.js")) {
            scripts[script_count++] = strdup(entry->d_name);
        }
    }
    closedir(dir);
    qsort(scripts, (size_t)script_count, sizeof(*scripts), compare);
}

/* ---- what the scripts need ---- */

static void keep_log(void *ctx, const isere_log_record_t *record)
{
    (void)ctx;
    free((void *)(uintptr_t)last_log.ptr);
    char *copy = malloc(record->message.len + 1);
    assert_non_null(copy);
    if (record->message.len > 0) {
        memcpy(copy, record->message.ptr, record->message.len);
    }
    last_log = isere_slice_of(copy, record->message.len);
}

/* Date.now is the engine's own, so the port's clock must agree with it. */
static int64_t wall_us(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static JSValue js_last_log(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NewStringLen(ctx, last_log.ptr, last_log.len);
}

static JSValue js_inspect(JSContext *ctx, JSValueConst self, int argc,
                          JSValueConst *argv)
{
    size_t len;
    (void)self;
    (void)argc;
    char *text = isere_inspect_text(ctx, argv[0], &len);
    if (!text) {
        return JS_EXCEPTION;
    }
    JSValue value = JS_NewStringLen(ctx, text, len);
    js_free(ctx, text);
    return value;
}

static void add_globals(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JS_SetPropertyStr(ctx, global, "__lastLog",
                      JS_NewCFunction(ctx, js_last_log, "__lastLog", 0));
    JS_SetPropertyStr(ctx, global, "__inspect",
                      JS_NewCFunction(ctx, js_inspect, "__inspect", 1));
    JS_FreeValue(ctx, global);
}

static void start(const char *name, const char *source)
{
    static const char *const env[] = {"NODE_ENV=production", NULL};
    char *assertions = read_file("assert.js");
    js_file_t files[] = {
        {name, source}, {"assert.js", assertions}, {NULL, NULL}};
    f.config.env = env;
    f.config.memory_bytes = 16 * 1024 * 1024;
    f.config.stack_bytes = 256 * 1024;
    if (js_compile(&f, files) != 0) {
        fail_msg("%s: %s:%d: %s", name, f.fault.file, f.fault.line,
                 f.fault.message);
    }
    free(assertions);
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     0);
    f.isolate = isere_isolate_create(f.port, f.function);
    assert_non_null(f.isolate);
    JS_UpdateStackTop(f.isolate->heap.rt);
    add_globals(f.isolate->heap.ctx);
    isere_isolate_state_t state = isere_isolate_start(f.isolate, &f.fault);
    while (state == ISERE_ISOLATE_WAITING) {
        state = js_resume(&f);
    }
    /* Scripts need no handler. */
    if (state != ISERE_ISOLATE_READY &&
        !strstr(f.fault.message, "exports no handler")) {
        fail_msg("%s: %s\n%s", name, f.fault.message, f.fault.stack);
    }
}

/* ---- the two ways ---- */

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    isere_test_state()->tick_us = 1;
    port = *isere_test_port();
    port.log = keep_log;
    port.wall_us = wall_us;
    js_init(&f, &port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    free((void *)(uintptr_t)last_log.ptr);
    last_log = isere_slice(NULL);
    return isere_test_leaks();
}

static void run_in_init_phase(void **state)
{
    char *source = read_file(*state);
    start(*state, source);
    free(source);
}

/* The script's imports stay in front; the rest becomes the handler. */
static char *make_handler(const char *source)
{
    const char *body = source;
    const char *line = source;
    while (line) {
        if (strncmp(line, "import ", 7) == 0) {
            body = strchr(line, '\n');
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    assert_non_null(body);
    static const char front[] = "\nexport const handler = async () => {";
    static const char back[] = "\nreturn 'passed'\n}\n";
    char *text = malloc(strlen(source) + sizeof(front) + sizeof(back));
    assert_non_null(text);
    size_t head = (size_t)(body - source);
    memcpy(text, source, head);
    strcpy(text + head, front);
    strcat(text, body);
    strcat(text, back);
    return text;
}

static void run_in_requests(void **state)
{
    char *source = read_file(*state);
    char *handler = make_handler(source);
    js_pristine_t pristine;
    start(*state, handler);
    js_pristine_take(&pristine, &f);
    for (int i = 0; i < 2; i++) {
        isere_isolate_state_t end = js_invoke(&f, "/");
        while (end == ISERE_ISOLATE_WAITING) {
            end = js_resume(&f);
        }
        if (isere_isolate_error(f.isolate)) {
            fail_msg("%s: %.*s", (char *)*state, (int)last_log.len,
                     last_log.ptr);
        }
        js_take_body(&f, "passed");
        js_pristine_expect(&pristine, &f, true);
    }
    js_pristine_free(&pristine);
    free(handler);
    free(source);
}

int main(void)
{
    static struct CMUnitTest tests[2 * SCRIPTS];
    static char names[2 * SCRIPTS][80];
    find_scripts();
    if (script_count == 0) {
        fprintf(stderr, "no scripts in %s\n", folder);
        return 1;
    }
    for (int i = 0; i < 2 * script_count; i++) {
        char *script = scripts[i / 2];
        snprintf(names[i], sizeof(names[i]), "%s %s", script,
                 i % 2 ? "in requests" : "in the init phase");
        tests[i] = (struct CMUnitTest){
            names[i], i % 2 ? run_in_requests : run_in_init_phase, setup,
            teardown, script};
    }
    int failed = _cmocka_run_group_tests("scripts", tests,
                                         2 * (size_t)script_count, NULL, NULL);
    for (int i = 0; i < script_count; i++) {
        free(scripts[i]);
    }
    return failed;
}
