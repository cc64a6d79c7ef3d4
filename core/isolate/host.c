/* host.h for an isolate: what the globals need from outside the heap. The
 * execution is held while something outside the heap is changed. */
#include "core/web/host.h"
#include "core/isolate/isolate_internal.h"

static struct isere_isolate *isolate_of(JSContext *ctx)
{
    return isere__isolate_realm(ctx)->isolate;
}

void isere_host_fragile(JSContext *ctx, bool fragile)
{
    isolate_of(ctx)->heap.fragile = fragile;
}

void isere_host_log(JSContext *ctx, isere_log_level_t level,
                    isere_slice_t message)
{
    isere__isolate_log(isolate_of(ctx), level, message);
}

static isere_replay_t *replay_of(JSContext *ctx)
{
    return isolate_of(ctx)->init.replay;
}

int isere_host_random(JSContext *ctx, void *buf, size_t len)
{
    const isere_port_t *port = isolate_of(ctx)->port;
    if (replay_of(ctx)) {
        isere__replay_random(replay_of(ctx), buf, len);
        return 0;
    }
    port->exec_hold(port->ctx);
    int error = port->random(port->ctx, buf, len);
    port->exec_release(port->ctx);
    return error;
}

/* xoroshiro128+ (Blackman and Vigna). Its state is outside the heap, so that
 * no number comes twice; being abandoned between the two writes only makes
 * another state. */
double isere_host_random_double(JSContext *ctx)
{
    uint64_t *s = isolate_of(ctx)->random;
    uint64_t a = s[0];
    uint64_t b = s[1];
    uint64_t sum = a + b;
    b ^= a;
    s[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    s[1] = (b << 37) | (b >> 27);
    return (double)(sum >> 11) * 0x1.0p-53;
}

uint64_t isere_host_monotonic_us(JSContext *ctx)
{
    const isere_port_t *port = isolate_of(ctx)->port;
    return replay_of(ctx) ? isere__replay_monotonic_us(replay_of(ctx))
                          : port->monotonic_us(port->ctx);
}

int64_t isere_host_wall_us(JSContext *ctx)
{
    const isere_port_t *port = isolate_of(ctx)->port;
    return replay_of(ctx) ? isere__replay_wall_us(replay_of(ctx))
                          : port->wall_us(port->ctx);
}

uint64_t isere_host_time_origin_us(JSContext *ctx)
{
    return isolate_of(ctx)->time_origin_us;
}

/* A name can't lead out of the port's folder of zones, since it has no '.'. It
 * begins with a capital letter, which other files in that folder (leapseconds,
 * right/) do not. */
static bool is_zone_name(isere_slice_t name)
{
    if (name.len == 0 || name.len >= ISERE_TIME_ZONE_NAME_MAX ||
        name.ptr[0] < 'A' || name.ptr[0] > 'Z') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c >= '0' && c <= '9') || c == '_' || c == '+' ||
                    c == '-' || c == '/';
        if (!good) {
            return false;
        }
    }
    return true;
}

int isere_host_time_zone(JSContext *ctx, isere_slice_t name, void *buf,
                         size_t size)
{
    const isere_port_t *port = isolate_of(ctx)->port;
    char text[ISERE_TIME_ZONE_NAME_MAX];
    if (!port->time_zone) {
        return ISERE_ERR_INVAL;
    }
    if (!is_zone_name(name)) {
        return ISERE_ERR_NOENT;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    port->exec_hold(port->ctx);
    int result = port->time_zone(port->ctx, text, buf, size);
    port->exec_release(port->ctx);
    return result;
}

const isere_compression_t *isere_host_compression(JSContext *ctx)
{
    return isolate_of(ctx)->port->compression;
}

/* Whole milliseconds, rounded down: a handler that trusts it stops early rather
 * than late. */
uint32_t isere_host_remaining_ms(JSContext *ctx)
{
    const struct isere_isolate *isolate = isolate_of(ctx);
    uint64_t now = isere_host_monotonic_us(ctx);
    if (now >= isolate->deadline_us) {
        return 0;
    }
    uint64_t ms = (isolate->deadline_us - now) / 1000;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

const char *isere_host_env(JSContext *ctx, size_t index)
{
    /* A default, which the function's own entries come after. Called with 0, 1,
     * 2 ... until NULL, so there is no bound to check. */
    if (index == 0) {
        return "NODE_ENV=production";
    }
    return isolate_of(ctx)->function->config.env[index - 1];
}

void isere_host_complete(JSContext *ctx, JSValueConst value)
{
    isere__invoke_complete(ctx, value);
}

void isere_host_fail(JSContext *ctx, JSValueConst error)
{
    isere__invoke_fail_with(ctx, error);
}

struct isere_web_state *isere_host_web_state(JSContext *ctx)
{
    return &isere__isolate_realm(ctx)->api;
}

struct isere_lambda *isere_host_lambda(JSContext *ctx)
{
    return &isere__isolate_realm(ctx)->lambda;
}

const isere_http_request_t *isere_host_request(JSContext *ctx)
{
    const isere_invocation_t *invocation = isere_host_lambda(ctx)->invocation;
    return invocation ? invocation->request : NULL;
}
