/* Between the files of console: console.c logs, console_more.c does the rest.
 */
#ifndef ISERE_CORE_WEB_INSPECT_CONSOLE_H
#define ISERE_CORE_WEB_INSPECT_CONSOLE_H

#include "core/web/inspect/inspect_internal.h"
#include "core/web/web.h"

/* Begins a line, indented by the groups that are open. */
void isere__console_begin(isere_inspect_t *i, JSContext *ctx);

/* Appends arguments as console.log formats them. */
void isere__console_put(isere_inspect_t *i, int argc, JSValueConst *argv);

/* Logs the line. JS_UNDEFINED, or JS_EXCEPTION when time or stack ended. */
JSValue isere__console_end(isere_inspect_t *i, isere_log_level_t level);

/* The members that are no logging; the last argument of some says which. */
enum {
    ISERE_CONSOLE_TIME,
    ISERE_CONSOLE_TIME_LOG,
    ISERE_CONSOLE_TIME_END,
};
JSValue isere__console_count(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv, int resets);
JSValue isere__console_time(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv, int what);
JSValue isere__console_group(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv);
JSValue isere__console_group_end(JSContext *ctx, JSValueConst self, int argc,
                                 JSValueConst *argv, int all);
JSValue isere__console_assert(JSContext *ctx, JSValueConst self, int argc,
                              JSValueConst *argv);
JSValue isere__console_dir(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv);
JSValue isere__console_trace(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv);

#endif
