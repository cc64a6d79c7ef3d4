/* TextDecoder (WHATWG Encoding section 7.2), for UTF-8 and UTF-16LE. */
#include "core/util/utf8.h"
#include "core/web/text/text_encoding.h"
#include "core/web/web.h"

#include <string.h>

typedef enum encoding { UTF8, UTF16LE } encoding_t;

/* The most bytes of an incomplete character: of UTF-8 all but the last of
 * four; of UTF-16 a high surrogate and half of what follows it. */
enum { PENDING_MAX = 3 };

/* In the heap, as the opaque of its object: a restore takes unfinished streams
 * with it. */
typedef struct decoder {
    uint8_t encoding;
    bool fatal;
    bool ignore_bom;
    bool bom_passed; /* the place where a byte order mark may be is behind */
    uint8_t npending;
    uint8_t pending[PENDING_MAX]; /* bytes that wait for the rest */
} decoder_t;

static JSClassID decoder_class;

static void finalize_decoder(JSRuntime *rt, JSValue value)
{
    js_free_rt(rt, JS_GetOpaque(value, decoder_class));
}

static const JSClassDef decoder_def = {
    .class_name = "TextDecoder",
    .finalizer = finalize_decoder,
};

void isere__text_decoder_register_class(void)
{
    JS_NewClassID(&decoder_class);
}

/* The labels of these two encodings in the standard's table (section 4.2). All
 * others are refused: legacy encodings would take tables of many kilobytes. */
static const struct {
    const char *label;
    uint8_t encoding;
} labels[] = {
    {"utf-8", UTF8},
    {"utf8", UTF8},
    {"unicode-1-1-utf-8", UTF8},
    {"unicode11utf8", UTF8},
    {"unicode20utf8", UTF8},
    {"x-unicode20utf8", UTF8},
    {"utf-16le", UTF16LE},
    {"utf-16", UTF16LE},
    {"ucs-2", UTF16LE},
    {"unicode", UTF16LE},
    {"unicodefeff", UTF16LE},
    {"csunicode", UTF16LE},
    {"iso-10646-ucs-2", UTF16LE},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Whether `text` is the label, in any case and with ASCII white space around
 * it. */
static bool is_label(const char *text, size_t len, const char *label)
{
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    if (strlen(label) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (c != label[i]) {
            return false;
        }
    }
    return true;
}

/* Section 4.2, "get an encoding": a RangeError for an unknown one. */
static int read_label(JSContext *ctx, JSValueConst value, decoder_t *decoder)
{
    const char *text;
    size_t len;
    if (JS_IsUndefined(value)) {
        return 0;
    }
    text = JS_ToCStringLen(ctx, &len, value);
    if (!text) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        if (is_label(text, len, labels[i].label)) {
            decoder->encoding = labels[i].encoding;
            JS_FreeCString(ctx, text);
            return 0;
        }
    }
    JS_FreeCString(ctx, text);
    JS_ThrowRangeError(ctx, "the encoding is not supported");
    return -1;
}

/* A boolean member of a Web IDL dictionary. undefined and null are an empty
 * one; any value is true or false. The value's conversion runs no code, but
 * the getter may. */
static int read_flag(JSContext *ctx, JSValueConst options, const char *name,
                     bool *flag)
{
    JSValue value;
    *flag = false;
    if (JS_IsUndefined(options) || JS_IsNull(options)) {
        return 0;
    }
    if (!JS_IsObject(options)) {
        JS_ThrowTypeError(ctx, "the options are not an object");
        return -1;
    }
    value = JS_GetPropertyStr(ctx, options, name);
    if (JS_IsException(value)) {
        return -1;
    }
    *flag = JS_ToBool(ctx, value) > 0;
    JS_FreeValue(ctx, value);
    return 0;
}

/* Arguments are read before the object is made, since reading them may run
 * code that throws. `argv` has two: the engine fills up with undefined to
 * the length that the class declares. */
static JSValue new_decoder(JSContext *ctx, JSValueConst target, int argc,
                           JSValueConst *argv)
{
    decoder_t settings = {0};
    decoder_t *decoder;
    JSValue object;
    (void)argc;
    if (read_label(ctx, argv[0], &settings) < 0 ||
        read_flag(ctx, argv[1], "fatal", &settings.fatal) < 0 ||
        read_flag(ctx, argv[1], "ignoreBOM", &settings.ignore_bom) < 0) {
        return JS_EXCEPTION;
    }
    object = isere__text_encoding_construct(ctx, target, decoder_class);
    if (JS_IsException(object)) {
        return object;
    }
    decoder = js_malloc(ctx, sizeof(*decoder));
    if (!decoder) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    *decoder = settings;
    JS_SetOpaque(object, decoder);
    return object;
}

/* Bytes at the end of UTF-8 that begin a character but do not complete it. */
static size_t incomplete_utf8(const uint8_t *bytes, size_t len)
{
    for (size_t back = 1; back <= PENDING_MAX && back <= len; back++) {
        uint8_t byte = bytes[len - back];
        size_t size, used;
        if (byte >= 0x80 && byte < 0xc0) {
            continue; /* a continuation byte: the lead is further in front */
        }
        size = byte < 0xc2 || byte > 0xf4 ? 1
               : byte < 0xe0              ? 2
               : byte < 0xf0              ? 3
                                          : 4;
        if (size <= back) {
            return 0;
        }
        /* Only if all of what is there can still become a character. */
        isere_utf8_decode(bytes + len - back, back, &used);
        return used == back ? back : 0;
    }
    return 0;
}

/* The same for UTF-16LE: an odd byte, a high surrogate, or both. */
static size_t incomplete_utf16(const uint8_t *bytes, size_t len)
{
    size_t odd = len % 2;
    size_t even = len - odd;
    if (even >= 2 && (bytes[even - 1] & 0xfc) == 0xd8) {
        return odd + 2;
    }
    return odd;
}

/* Only with { fatal: true }: a TypeError, as the standard has it. */
static JSValue throw_ill_formed(JSContext *ctx)
{
    return JS_ThrowTypeError(ctx, "the encoded data is not valid");
}

/* Valid text, the usual case, is decoded without a copy of ours. */
static JSValue utf8_to_string(JSContext *ctx, const decoder_t *decoder,
                              const uint8_t *bytes, size_t len)
{
    char *repaired;
    size_t size;
    JSValue string;
    if (isere_utf8_valid(bytes, len)) {
        return JS_NewStringLen(ctx, (const char *)bytes, len);
    }
    if (decoder->fatal) {
        return throw_ill_formed(ctx);
    }
    size = isere_utf8_repair(bytes, len, NULL);
    repaired = js_malloc(ctx, size);
    if (!repaired) {
        return JS_EXCEPTION;
    }
    isere_utf8_repair(bytes, len, repaired);
    string = JS_NewStringLen(ctx, repaired, size);
    js_free(ctx, repaired);
    return string;
}

/* One code point of UTF-16LE from `len` > 0 bytes; UINT32_MAX when it is
 * ill-formed. A surrogate without its other half is ill-formed by itself: what
 * follows is decoded anew. */
static uint32_t decode_utf16(const uint8_t *bytes, size_t len, size_t *used)
{
    uint8_t p[4] = {0};
    uint32_t unit, low;
    memcpy(p, bytes, len < 4 ? len : 4);
    if (len < 2) {
        *used = 1;
        return UINT32_MAX;
    }
    *used = 2;
    unit = (uint32_t)(p[0] | p[1] << 8);
    if (unit < 0xd800 || unit > 0xdfff) {
        return unit;
    }
    if (unit > 0xdbff || len < 4 || (p[3] & 0xfc) != 0xdc) {
        return UINT32_MAX;
    }
    *used = 4;
    low = (uint32_t)(p[2] | p[3] << 8);
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* UTF-8 in between, since that is what the engine makes strings of. Each unit
 * has two bytes and becomes three at most. */
static JSValue utf16_to_string(JSContext *ctx, const decoder_t *decoder,
                               const uint8_t *bytes, size_t len)
{
    /* One unit more for an odd byte at the end. */
    char *text = js_malloc(ctx, (len / 2 + 1) * 3 + 1);
    size_t size = 0;
    size_t used;
    JSValue string;
    if (!text) {
        return JS_EXCEPTION;
    }
    for (size_t i = 0; i < len; i += used) {
        uint32_t code_point = decode_utf16(bytes + i, len - i, &used);
        if (code_point == UINT32_MAX) {
            if (decoder->fatal) {
                js_free(ctx, text);
                return throw_ill_formed(ctx);
            }
            code_point = 0xfffd;
        }
        size += isere_utf8_encode(code_point, text + size);
    }
    string = JS_NewStringLen(ctx, text, size);
    js_free(ctx, text);
    return string;
}

/* The length of the byte order mark at the start, if there is one to drop.
 * Only at the start of a stream; with `ignoreBOM` it is a character like any
 * other. */
static size_t bom_length(const decoder_t *decoder, const uint8_t *bytes,
                         size_t len)
{
    if (decoder->ignore_bom || decoder->bom_passed) {
        return 0;
    }
    if (decoder->encoding == UTF8) {
        return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    }
    return len >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0 ? 2 : 0;
}

/* Decodes the bytes; keeps back an incomplete end when more follows. After the
 * last part, or a failure, the decoder is as new ("do not flush" of section
 * 7.2). */
static JSValue decode_bytes(JSContext *ctx, decoder_t *decoder,
                            const uint8_t *bytes, size_t len, bool more)
{
    size_t keep = 0;
    size_t skip;
    JSValue string;
    if (more) {
        keep = decoder->encoding == UTF8 ? incomplete_utf8(bytes, len)
                                         : incomplete_utf16(bytes, len);
    }
    skip = bom_length(decoder, bytes, len - keep);
    string =
        decoder->encoding == UTF8
            ? utf8_to_string(ctx, decoder, bytes + skip, len - keep - skip)
            : utf16_to_string(ctx, decoder, bytes + skip, len - keep - skip);
    if (!more || JS_IsException(string)) {
        decoder->npending = 0;
        decoder->bom_passed = false;
        return string;
    }
    /* Once anything was decoded. Bytes kept back may still be a mark. */
    decoder->bom_passed |= len > keep;
    decoder->npending = (uint8_t)keep;
    if (keep > 0) {
        memcpy(decoder->pending, bytes + len - keep, keep);
    }
    return string;
}

/* The same with the bytes that the call before kept back in front. Joined in a
 * copy, so that the decoder only ever sees whole characters. */
static JSValue decode_joined(JSContext *ctx, decoder_t *decoder,
                             const uint8_t *bytes, size_t len, bool more)
{
    size_t before = decoder->npending;
    uint8_t *joined = js_malloc(ctx, before + len);
    JSValue string;
    if (!joined) {
        return JS_EXCEPTION;
    }
    memcpy(joined, decoder->pending, before);
    if (len > 0) {
        memcpy(joined + before, bytes, len);
    }
    string = decode_bytes(ctx, decoder, joined, before + len, more);
    js_free(ctx, joined);
    return string;
}

JSValue isere__text_decode(JSContext *ctx, const uint8_t *bytes, size_t len)
{
    decoder_t decoder = {.encoding = UTF8};
    return len > 0 ? decode_bytes(ctx, &decoder, bytes, len, false)
                   : JS_NewString(ctx, "");
}

/* decode(input, { stream }): without `stream` this is the last part. */
static JSValue decode(JSContext *ctx, JSValueConst self, int argc,
                      JSValueConst *argv)
{
    /* A detached or missing buffer: no bytes, but not NULL, which memcmp may
     * not have. */
    static uint8_t const nothing[1] = {0};
    decoder_t *decoder = JS_GetOpaque2(ctx, self, decoder_class);
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool more;
    (void)argc;
    if (!decoder || read_flag(ctx, argv[1], "stream", &more) < 0) {
        return JS_EXCEPTION;
    }
    /* read_flag may have run a getter: only now are the bytes looked at. */
    if (!JS_IsUndefined(argv[0])) {
        int found = isere__web_bytes_if_any(ctx, argv[0], &bytes, &len);
        if (found < 0) {
            return JS_EXCEPTION;
        }
        if (found == 0) {
            return JS_ThrowTypeError(ctx, "not an ArrayBuffer or a view");
        }
    }
    if (decoder->npending > 0) {
        return decode_joined(ctx, decoder, bytes, len, more);
    }
    return decode_bytes(ctx, decoder, bytes ? bytes : nothing, len, more);
}

enum { ENCODING, FATAL, IGNORE_BOM };

static JSValue decoder_member(JSContext *ctx, JSValueConst self, int which)
{
    const decoder_t *decoder = JS_GetOpaque2(ctx, self, decoder_class);
    if (!decoder) {
        return JS_EXCEPTION;
    }
    if (which == ENCODING) {
        return JS_NewString(ctx,
                            decoder->encoding == UTF8 ? "utf-8" : "utf-16le");
    }
    return JS_NewBool(ctx,
                      which == FATAL ? decoder->fatal : decoder->ignore_bom);
}

static const JSCFunctionListEntry decoder_members[] = {
    JS_CFUNC_DEF("decode", 2, decode),
    JS_CGETSET_MAGIC_DEF("encoding", decoder_member, NULL, ENCODING),
    JS_CGETSET_MAGIC_DEF("fatal", decoder_member, NULL, FATAL),
    JS_CGETSET_MAGIC_DEF("ignoreBOM", decoder_member, NULL, IGNORE_BOM),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "TextDecoder",
                       JS_PROP_CONFIGURABLE),
};

int isere__text_decoder_install(JSContext *ctx, JSValueConst global)
{
    return isere__text_encoding_install_class(
        ctx, global, decoder_class, &decoder_def, new_decoder, 2,
        decoder_members,
        (int)(sizeof(decoder_members) / sizeof(*decoder_members)));
}
