/*
 * console (WHATWG Console): each call is one log line of the function, its
 * arguments formatted as Node's util.format does.
 */
#include "core/web/inspect/console.h"
#include "core/isere_config.h"

#include <math.h>

/* Appends an argument as %s shows it. */
static void put_string_argument(isere_inspect_t *i, JSValueConst value)
{
    if (JS_IsString(value)) {
        isere__inspect_plain(i, value);
    } else {
        /* No toString of the handler's is called. */
        i->max_depth = 0;
        isere__inspect_value(i, value, 0);
        i->max_depth = 2;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the number that a text begins with, and its start: as parseInt
 * and parseFloat would find them, which a handler may have replaced. */
static size_t number_prefix(const char **text, bool fraction)
{
    const char *p = *text;
    const char *start;
    while (*p == ' ' || (*p >= '\t' && *p <= '\r')) {
        p++;
    }
    *text = start = p;
    p += *p == '-' || *p == '+';
    while (is_digit(*p)) {
        p++;
    }
    if (fraction && *p == '.') {
        p++;
        while (is_digit(*p)) {
            p++;
        }
    }
    if (fraction && (*p == 'e' || *p == 'E') &&
        is_digit(p[1 + (p[1] == '-' || p[1] == '+')])) {
        p += 2;
        while (is_digit(*p)) {
            p++;
        }
    }
    return (size_t)(p - start);
}

/* A string's number: all of it for %d, what it begins with for %i and %f. %d
 * takes Number(text), %i and %f what parseInt and parseFloat would. */
static double string_number(isere_inspect_t *i, JSValueConst string, char how)
{
    double number = 0;
    const char *text, *start;
    size_t len;
    JSValue prefix;
    if (how == 'd') {
        i->failed |= JS_ToFloat64(i->ctx, &number, string) < 0;
        return number;
    }
    text = start = JS_ToCString(i->ctx, string);
    if (!text) {
        i->failed = true;
        return 0;
    }
    len = number_prefix(&start, how == 'f');
    prefix = len > 0 ? JS_NewStringLen(i->ctx, start, len) : JS_UNDEFINED;
    JS_FreeCString(i->ctx, text);
    i->failed |= JS_ToFloat64(i->ctx, &number, prefix) < 0;
    JS_FreeValue(i->ctx, prefix);
    return number;
}

/* Appends an argument as %d, %i and %f show it. Objects are not converted,
 * which would be up to the handler's code. */
static void put_number_argument(isere_inspect_t *i, JSValueConst value,
                                char how)
{
    double number;
    if (JS_IsBigInt(i->ctx, value)) {
        isere__inspect_primitive(i, value);
        return;
    }
    if (JS_IsObject(value) || JS_IsSymbol(value)) {
        isere__inspect_puts(i, "NaN");
        return;
    }
    if (JS_IsString(value)) {
        number = string_number(i, value, how);
    } else if (how == 'd' || JS_IsNumber(value)) {
        JS_ToFloat64(i->ctx, &number, value);
    } else {
        isere__inspect_puts(i, "NaN");
        return;
    }
    /* Infinities and NaN stay: their difference from themselves is NaN. */
    if (how == 'i' && number - number == 0) {
        number = number < 0 ? ceil(number) : floor(number);
    }
    if (!i->failed) {
        isere__inspect_number(i, number);
    }
}

/* Appends what a directive makes of an argument; false when it is none. */
static bool put_directive(isere_inspect_t *i, char directive,
                          JSValueConst value)
{
    switch (directive) {
    case 's':
        put_string_argument(i, value);
        return true;
    case 'd':
    case 'i':
    case 'f':
        put_number_argument(i, value, directive);
        return true;
    case 'j':
        isere__inspect_json(i, value);
        return true;
    case 'o':
    case 'O':
        i->max_depth = directive == 'o' ? 4 : 2;
        isere__inspect_value(i, value, 0);
        i->max_depth = 2;
        return true;
    case 'c': /* styles say nothing here */
        return true;
    default:
        return false;
    }
}

/* Appends a format with as many arguments as it takes; returns how many. The
 * directives of Node's util.format. An unknown one, or one without an argument
 * left, stays as it is. */
static int put_format(isere_inspect_t *i, const char *format, size_t len,
                      int argc, JSValueConst *argv)
{
    const char *end = format + len;
    const char *start = format;
    int used = 0;
    for (const char *p = format; end - p >= 2; p++) {
        if (p[0] != '%') {
            continue;
        }
        /* One of the two is written. */
        if (p[1] == '%') {
            isere__inspect_put(i, start, (size_t)(p + 1 - start));
        } else if (used < argc && strchr("sdifjoOc", p[1]) && p[1] != '\0') {
            isere__inspect_put(i, start, (size_t)(p - start));
            put_directive(i, p[1], argv[used++]);
        } else {
            continue;
        }
        p++;
        start = p + 1;
    }
    isere__inspect_put(i, start, (size_t)(end - start));
    return used;
}

/* A single string is no format: "100%" stays. */
void isere__console_put(isere_inspect_t *i, int argc, JSValueConst *argv)
{
    int n = 0;
    if (argc > 1 && JS_IsString(argv[0])) {
        size_t len;
        const char *format = JS_ToCStringLen(i->ctx, &len, argv[0]);
        if (!format) {
            i->failed = true;
            return;
        }
        n = 1 + put_format(i, format, len, argc - 1, argv + 1);
        JS_FreeCString(i->ctx, format);
    }
    for (; n < argc && !isere__inspect_stopped(i); n++) {
        if (n > 0) {
            isere__inspect_puts(i, " ");
        }
        if (JS_IsString(argv[n])) {
            isere__inspect_plain(i, argv[n]);
        } else {
            isere__inspect_value(i, argv[n], 0);
        }
    }
}

/*
 * Deals with the exception of a failed inspection. A lack of memory is not
 * worth failing the request for: the line says so, and it goes on. What else
 * can happen, the end of the stack or of the time, goes on as an exception.
 */
static JSValue recover(JSContext *ctx, isere_log_level_t level)
{
    static const isere_slice_t line =
        ISERE_SLICE("(a log line was lost: out of memory)");
    JSValue exception = JS_GetException(ctx);
    JSValue message;
    const char *text = NULL;
    bool is_memory = !JS_IsObject(exception);
    if (JS_IsError(ctx, exception)) {
        message = JS_GetPropertyStr(ctx, exception, "message");
        text = JS_ToCString(ctx, message);
        is_memory = text && strcmp(text, "out of memory") == 0;
        JS_FreeCString(ctx, text);
        JS_FreeValue(ctx, message);
    }
    if (!is_memory) {
        return JS_Throw(ctx, exception);
    }
    JS_FreeValue(ctx, exception);
    isere_host_log(ctx, level, line);
    return JS_UNDEFINED;
}

/* The indentation of open groups is part of the line. */
void isere__console_begin(isere_inspect_t *i, JSContext *ctx)
{
    isere__inspect_init(i, ctx);
    for (unsigned n = isere_host_web_state(ctx)->console_indent; n > 0; n--) {
        isere__inspect_puts(i, " ");
    }
}

/* One call, one line of the log: line breaks in it are the log's to escape. */
JSValue isere__console_end(isere_inspect_t *i, isere_log_level_t level)
{
    JSContext *ctx = i->ctx;
    size_t len;
    char *text = isere__inspect_finish(i, &len);
    if (!text) {
        return recover(ctx, level);
    }
    isere_host_log(ctx, level, isere_slice_of(text, len));
    js_free(ctx, text);
    return JS_UNDEFINED;
}

/* `level` is the magic of each method: log and info are one level, as in
 * Node. */
static JSValue console_log(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv, int level)
{
    isere_inspect_t i;
    (void)self;
    isere__console_begin(&i, ctx);
    isere__console_put(&i, argc, argv);
    return isere__console_end(&i, (isere_log_level_t)level);
}

/* What needs an inspector, as in Node without one. */
static JSValue console_ignore(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv)
{
    (void)ctx;
    (void)self;
    (void)argc;
    (void)argv;
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry members[] = {
    JS_CFUNC_MAGIC_DEF("log", 0, console_log, ISERE_LOG_INFO),
    JS_CFUNC_MAGIC_DEF("info", 0, console_log, ISERE_LOG_INFO),
    JS_CFUNC_MAGIC_DEF("warn", 0, console_log, ISERE_LOG_WARN),
    JS_CFUNC_MAGIC_DEF("error", 0, console_log, ISERE_LOG_ERROR),
    JS_CFUNC_MAGIC_DEF("debug", 0, console_log, ISERE_LOG_DEBUG),
    /* A table would take several lines. */
    JS_CFUNC_MAGIC_DEF("dirxml", 0, console_log, ISERE_LOG_INFO),
    JS_CFUNC_MAGIC_DEF("table", 0, console_log, ISERE_LOG_INFO),
    JS_CFUNC_DEF("assert", 0, isere__console_assert),
    JS_CFUNC_MAGIC_DEF("clear", 0, isere__console_group_end, 1),
    JS_CFUNC_MAGIC_DEF("count", 0, isere__console_count, 0),
    JS_CFUNC_MAGIC_DEF("countReset", 0, isere__console_count, 1),
    JS_CFUNC_DEF("dir", 0, isere__console_dir),
    JS_CFUNC_DEF("group", 0, isere__console_group),
    JS_CFUNC_DEF("groupCollapsed", 0, isere__console_group),
    JS_CFUNC_MAGIC_DEF("groupEnd", 0, isere__console_group_end, 0),
    JS_CFUNC_DEF("profile", 0, console_ignore),
    JS_CFUNC_DEF("profileEnd", 0, console_ignore),
    JS_CFUNC_MAGIC_DEF("time", 0, isere__console_time, ISERE_CONSOLE_TIME),
    JS_CFUNC_MAGIC_DEF("timeEnd", 0, isere__console_time,
                       ISERE_CONSOLE_TIME_END),
    JS_CFUNC_MAGIC_DEF("timeLog", 0, isere__console_time,
                       ISERE_CONSOLE_TIME_LOG),
    JS_CFUNC_DEF("timeStamp", 0, console_ignore),
    JS_CFUNC_DEF("trace", 0, isere__console_trace),
};

int isere__console_install(JSContext *ctx, JSValueConst global)
{
    return isere__web_define_object(ctx, global, "console", members,
                                    sizeof(members) / sizeof(*members));
}
