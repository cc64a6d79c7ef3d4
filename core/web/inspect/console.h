/* Between the files of console: console.c logs, console_more.c does the rest.
 */
#ifndef ISERE_CORE_WEB_INSPECT_CONSOLE_H
#define ISERE_CORE_WEB_INSPECT_CONSOLE_H

#include "core/web/api.h"
#include "core/web/inspect/inspect.h"

/* Begins a line, indented by the groups that are open. */
void isere_console_begin(isere_inspect_t *i, JSContext *ctx);

/* Appends arguments as console.log formats them. */
void isere_console_put(isere_inspect_t *i, int argc, JSValueConst *argv);

/* Logs the line. JS_UNDEFINED, or JS_EXCEPTION when time or stack ended. */
JSValue isere_console_end(isere_inspect_t *i, isere_log_level_t level);

/* The members that are no logging; the last argument of some says which. */
enum {
    ISERE_CONSOLE_TIME,
    ISERE_CONSOLE_TIME_LOG,
    ISERE_CONSOLE_TIME_END,
};
JSValue isere_console_count(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv, int resets);
JSValue isere_console_time(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv, int what);
JSValue isere_console_group(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv);
JSValue isere_console_group_end(JSContext *ctx, JSValueConst self, int argc,
                                JSValueConst *argv, int all);
JSValue isere_console_assert(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv);
JSValue isere_console_dir(JSContext *ctx, JSValueConst self, int argc,
                          JSValueConst *argv);
JSValue isere_console_trace(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv);

#endif
