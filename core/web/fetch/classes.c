/* Headers, Request and Response as one part of the globals that are loaded when
 * they are touched. */
#include "core/web/fetch/classes.h"
#include "core/web/fetch/body_stream.h"
#include "core/web/fetch/headers.h"
#include "core/web/fetch/request.h"
#include "core/web/fetch/response.h"

void isere__fetch_register_classes(void)
{
    isere__headers_register();
    isere__fetch_request_register();
    isere__fetch_response_register();
    isere__body_stream_register();
}

int isere__fetch_register_in(JSRuntime *rt)
{
    return isere__headers_register_in(rt) < 0 ||
                   isere__fetch_request_register_in(rt) < 0 ||
                   isere__fetch_response_register_in(rt) < 0 ||
                   isere__body_stream_register_in(rt) < 0
               ? -1
               : 0;
}

/* A method is made when it is asked for first: for those that nearly every
 * request asks for, once and not in each. 0, or -1 with an exception pending.
 */
static int make_methods(JSContext *ctx, JSValueConst object)
{
    static const struct {
        const char *class;
        const char *place; /* in the class; NULL for itself */
        const char *name;
    } methods[] = {
        {"Response", NULL, "json"},
        {"Request", "prototype", "json"},
        {"Request", "prototype", "text"},
        {"Headers", "prototype", "get"},
    };
    int error = 0;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        JSValue place = JS_GetPropertyStr(ctx, object, methods[i].class);
        if (methods[i].place) {
            JSValue inner = JS_GetPropertyStr(ctx, place, methods[i].place);
            JS_FreeValue(ctx, place);
            place = inner;
        }
        JSValue method = JS_GetPropertyStr(ctx, place, methods[i].name);
        JS_FreeValue(ctx, place);
        error = JS_IsException(method) ? -1 : error;
        JS_FreeValue(ctx, method);
    }
    return error;
}

JSValue isere__fetch_make(JSContext *ctx)
{
    JSValue object = JS_NewObjectProto(ctx, JS_NULL);
    if (JS_IsException(object)) {
        return object;
    }
    if (isere__headers_define(ctx, object) < 0 ||
        isere__fetch_request_define(ctx, object) < 0 ||
        isere__fetch_response_define(ctx, object) < 0 ||
        isere__body_stream_define(ctx) < 0 || make_methods(ctx, object) < 0 ||
        JS_HasException(ctx)) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    return object;
}
