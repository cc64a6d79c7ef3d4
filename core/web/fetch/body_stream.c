/* Streams of bodies that nobody has read yet: see body_stream.h. */
#include "core/web/fetch/body_stream.h"
#include "core/web/class.h"
#include "core/web/lazy/lazy.h"
#include "core/web/web.h"

static JSClassID stream_class; /* one per process, see url.h */

/* In the list of all that the library does not know yet. */
typedef struct isere_body_stream {
    struct isere_body_stream *next;
    struct isere_body_stream **link; /* to it; NULL: it is in no list */
    JSValue self;                    /* not owned: the object holds this */
    isere_body_t content;
} body_stream_t;

void isere__body_stream_register(void)
{
    JS_NewClassID(&stream_class);
}

static void take_out(body_stream_t *stream)
{
    if (stream->link) {
        *stream->link = stream->next;
        if (stream->next) {
            stream->next->link = stream->link;
        }
        stream->link = NULL;
    }
}

static void finalize(JSRuntime *rt, JSValue value)
{
    body_stream_t *stream = JS_GetOpaque(value, stream_class);
    if (stream) {
        take_out(stream);
        isere__body_free(rt, &stream->content);
        js_free_rt(rt, stream);
    }
}

static void mark(JSRuntime *rt, JSValueConst value, JS_MarkFunc *mark_func)
{
    const body_stream_t *stream = JS_GetOpaque(value, stream_class);
    if (stream) {
        isere__body_mark(rt, &stream->content, mark_func);
    }
}

static const JSClassDef stream_def = {
    .class_name = "ReadableStream",
    .finalizer = finalize,
    .gc_mark = mark,
};

JSValue isere__body_stream_new(JSContext *ctx, const isere_body_t *content)
{
    body_stream_t **first = &isere_host_web_state(ctx)->body_streams;
    JSValue object = JS_NewObjectClass(ctx, (int)stream_class);
    body_stream_t *stream =
        JS_IsException(object) ? NULL : js_malloc(ctx, sizeof(*stream));
    if (!stream) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    stream->content = *content;
    stream->self = object;
    stream->next = *first;
    stream->link = first;
    if (stream->next) {
        stream->next->link = &stream->next;
    }
    *first = stream;
    JS_SetOpaque(object, stream);
    return object;
}

bool isere__body_stream_is(JSValueConst value)
{
    return JS_GetOpaque(value, stream_class) != NULL;
}

isere_body_t *isere__body_stream_content(JSValueConst value)
{
    body_stream_t *stream = JS_GetOpaque(value, stream_class);
    return stream && stream->link ? &stream->content : NULL;
}

/* ---- becoming a stream of the library ---- */

static int adopt(JSContext *ctx, body_stream_t *stream)
{
    JSValue arguments[3] = {
        JS_DupValue(ctx, stream->self),
        isere__body_bytes(ctx, &stream->content),
        JS_NewBool(ctx, stream->content.used),
    };
    JSValue done = JS_EXCEPTION;
    if (!JS_IsException(arguments[1])) {
        done = isere_lazy_call(ctx, ISERE_LAZY_STREAMS, "adopt", 3,
                               (JSValueConst *)arguments);
    }
    int error = JS_IsException(done) ? -1 : 0;
    if (!error) {
        take_out(stream);
        isere__body_free(JS_GetRuntime(ctx), &stream->content);
        isere__body_init(&stream->content);
    }
    JS_FreeValue(ctx, done);
    JS_FreeValue(ctx, arguments[1]);
    JS_FreeValue(ctx, arguments[0]);
    return error;
}

int isere__body_stream_adopt(JSContext *ctx)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    int error = 0;
    while (state->body_streams && error == 0) {
        error = adopt(ctx, state->body_streams);
    }
    return error;
}

/* ---- the prototype until then ---- */

static const char *const names[] = {
    "cancel", "getReader", "pipeThrough", "pipeTo",
    "tee",    "values",    "constructor", "locked",
};

enum { VALUES = 5, CONSTRUCTOR, LOCKED };

/* The member of a stream of the library, which `self` is then. */
static JSValue get_member(JSContext *ctx, JSValueConst self, int magic)
{
    /* Where memory ran out while they were adopted, some are left. */
    if (isere_lazy_need(ctx, ISERE_LAZY_STREAMS) < 0 ||
        isere__body_stream_adopt(ctx) < 0) {
        return JS_EXCEPTION;
    }
    if (!isere__body_stream_is(self) || isere__body_stream_content(self)) {
        return JS_ThrowTypeError(ctx, "not a ReadableStream");
    }
    return JS_GetPropertyStr(ctx, self, names[magic]);
}

static JSValue call_member(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv, int magic)
{
    JSValue member = get_member(ctx, self, magic);
    if (JS_IsException(member)) {
        return member;
    }
    JSValue result = JS_Call(ctx, member, self, argc, argv);
    JS_FreeValue(ctx, member);
    return result;
}

static const JSCFunctionListEntry members[] = {
    ISERE_CLASS_METHOD("cancel", 0, call_member, 0),
    ISERE_CLASS_METHOD("getReader", 0, call_member, 1),
    ISERE_CLASS_METHOD("pipeThrough", 1, call_member, 2),
    ISERE_CLASS_METHOD("pipeTo", 1, call_member, 3),
    ISERE_CLASS_METHOD("tee", 0, call_member, 4),
    ISERE_CLASS_METHOD("values", 0, call_member, VALUES),
    ISERE_CLASS_METHOD("[Symbol.asyncIterator]", 0, call_member, VALUES),
    ISERE_CLASS_ACCESSOR("locked", get_member, NULL, LOCKED),
    ISERE_CLASS_ACCESSOR("constructor", get_member, NULL, CONSTRUCTOR),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "ReadableStream",
                       JS_PROP_CONFIGURABLE),
};

int isere__body_stream_register_in(JSRuntime *rt)
{
    return isere__class_register(rt, stream_class, &stream_def);
}

int isere__body_stream_define(JSContext *ctx)
{
    JSValue proto = JS_NewObject(ctx);
    if (JS_IsException(proto)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, proto, members,
                               sizeof(members) / sizeof(*members));
    JS_SetClassProto(ctx, stream_class, proto);
    return 0;
}
