/*
 * The admin endpoint: answers the calls below /_isere/. Metrics and logs are
 * streams (streams.c), changes of the store are jobs (jobs.c), and a direct
 * invocation takes the path of every request (invoke.c).
 *
 * All of it is on the thread of the server that got the call; several servers
 * may answer calls of one registry at the same time. Nothing here is kept
 * between two requests but what isere_admin_side_t has.
 */
#include "core/admin/admin.h"
#include "core/admin/invoke.h"
#include "core/admin/jobs.h"
#include "core/admin/reply.h"
#include "core/admin/stage.h"
#include "core/admin/streams.h"
#include "core/deploy/summary.h"
#include "core/http/chars.h"

/* ---- answers ---- */

/* Without the token, for load balancers: so it says nothing that a stranger
 * should not know. 503 while the server stops makes them send clients
 * elsewhere. */
static void answer_health(const isere_admin_side_t *side, isere_connection_t *c)
{
    char text[128];
    isere_writer_t json = isere_writer_begin(text, sizeof(text));
    isere_server_state_t state;
    isere_server_get_state(side->server, &state);
    uint64_t up_us =
        state.now_us - isere_registry_started_us(side->admin->registry);
    unsigned long tenths = (unsigned long)(up_us / 100000);
    isere_reply_fields_t fields = isere__reply_fields("application/json");
    isere_writer_puts(&json, state.stops ? "{\"status\":\"draining\""
                                         : "{\"status\":\"ok\"");
    isere_writer_puts(&json, ",\"version\":");
    isere_writer_json(&json, isere_slice(isere_version()));
    isere_writer_printf(&json, ",\"uptime\":%lu.%lu}", tenths / 10,
                        tenths % 10);
    isere__reply_text(c, state.stops ? 503 : 200, &fields,
                      isere_slice_of(text, json.len));
}

/* What a list or a description is made of. The catalog is the server's: it
 * stays as it is until the answer is written. */
typedef struct described {
    isere_registry_t *registry;
    isere_catalog_t *catalog;
    const isere_catalog_entry_t *entry;
} described_t;

/* Stops when the text is full: it is written again with more room then. */
static void put_list(isere_writer_t *text, const void *arg)
{
    const described_t *described = arg;
    const isere_catalog_t *catalog = described->catalog;
    isere_writer_puts(text, "{\"functions\":[");
    for (size_t i = 0; i < catalog->count && !text->full; i++) {
        isere_writer_puts(text, i > 0 ? "," : "");
        isere_summary_put_entry(text, described->registry,
                                &catalog->entries[i]);
    }
    isere_writer_puts(text, "]}");
}

static void put_described(isere_writer_t *text, const void *arg)
{
    const described_t *described = arg;
    isere_summary_put_entry(text, described->registry, described->entry);
}

static void answer_list(const isere_admin_side_t *side, isere_connection_t *c)
{
    described_t described = {.registry = side->admin->registry,
                             .catalog = isere_server_catalog(side->server)};
    isere__reply_built(c, put_list, &described);
}

static void describe(const isere_admin_side_t *side, isere_connection_t *c,
                     const isere_call_t *call)
{
    isere_catalog_t *catalog = isere_server_catalog(side->server);
    described_t described = {.registry = side->admin->registry,
                             .entry = isere_catalog_find(catalog, call->name)};
    if (described.entry) {
        isere__reply_built(c, put_described, &described);
    } else {
        isere__reply_refuse(c, 404, "there is no function of that name");
    }
}

/* ---- the endpoint ---- */

/* Whether the answer depends on the body. A client without the token is
 * refused before it sends one, so a stranger can't make the server hold
 * megabytes. Those with the token may send one where none is looked at. */
static bool needs_body(const isere_admin_side_t *side, const isere_call_t *call)
{
    switch (call->kind) {
    case ISERE_CALL_REFUSED:
    case ISERE_CALL_HEALTH:
    case ISERE_CALL_PAGE:
        return false;
    case ISERE_CALL_INVOKE:
        return isere_catalog_find(isere_server_catalog(side->server),
                                  call->name);
    default:
        return true;
    }
}

static void answer(isere_admin_side_t *side, isere_connection_t *c,
                   const isere_call_t *call)
{
    switch (call->kind) {
    case ISERE_CALL_REFUSED:
        isere__reply_refused(c, call);
        break;
    case ISERE_CALL_HEALTH:
        answer_health(side, c);
        break;
    case ISERE_CALL_PAGE:
        isere__reply_page(c);
        break;
    case ISERE_CALL_METRICS:
        isere__streams_metrics(side, c);
        break;
    case ISERE_CALL_LOGS:
        isere__streams_logs(side, c, call);
        break;
    case ISERE_CALL_LIST:
        answer_list(side, c);
        break;
    case ISERE_CALL_DESCRIBE:
        describe(side, c, call);
        break;
    case ISERE_CALL_INVOKE:
        isere__invoke_start(side, c, call);
        break;
    case ISERE_CALL_DEPLOY:
    case ISERE_CALL_ROLLBACK:
    case ISERE_CALL_RELEASE:
    case ISERE_CALL_REMOVE:
        isere__jobs_start(side, c, call);
        break;
    case ISERE_CALL_FILES:
        if (isere_registry_has_flash(side->admin->registry)) {
            isere__streams_files(side, c, call);
        } else {
            isere__jobs_start(side, c, call);
        }
        break;
    }
}

/* With the head alone. False: the body is asked for, and start() comes later;
 * the call is read again then, which is cheaper than keeping it. */
static bool judge(void *ctx, isere_connection_t *c)
{
    isere_admin_side_t *side = ctx;
    isere_call_t call;
    isere__call_read(side->admin, isere_exchange_request(c), &call);
    if (call.kind == ISERE_CALL_DEPLOY) {
        return isere__stage_begin(side, c, &call);
    }
    if (needs_body(side, &call)) {
        return false;
    }
    answer(side, c, &call);
    return true;
}

static void start(void *ctx, isere_connection_t *c)
{
    isere_admin_side_t *side = ctx;
    isere_call_t call;
    isere__call_read(side->admin, isere_exchange_request(c), &call);
    answer(side, c, &call);
}

/* Each turn of the loop passes here, so it costs two loads where nothing is to
 * be done. */
static void turn(void *ctx)
{
    isere_admin_side_t *side = ctx;
    if (side->jobs) {
        isere__jobs_turn(side);
    }
    if (side->log_streams > 0) {
        isere__streams_turn(side);
    }
}

/* Its connections are closed already, so no stream is left; jobs may be under
 * way on another thread. */
static void detach(void *ctx)
{
    isere_admin_side_t *side = ctx;
    isere__jobs_detach(side);
    isere_free(&side->admin->port, side);
}

static const isere_endpoint_t endpoint = {
    .wants = isere__call_is_path,
    .judge = judge,
    .start = start,
    .turn = turn,
    .detach = detach,
};

/* ---- life ---- */

/* An endpoint with a token that can be guessed would be worse than none, so a
 * short one is refused, and an empty one above all. */
static bool is_token(const char *token)
{
    isere_slice_t text = isere_slice(token ? token : "");
    return text.len == ISERE_TOKEN_LEN && isere_http_all(text, ISERE_HTTP_HEX);
}

int isere_admin_create(const isere_port_t *port, isere_registry_t *registry,
                       const isere_admin_config_t *config,
                       isere_admin_t **admin)
{
    if (!is_token(config->token)) {
        return ISERE_ERR_INVAL;
    }
    isere_admin_t *a = isere_alloc(port, sizeof(*a));
    if (!a) {
        return ISERE_ERR_NOMEM;
    }
    memset(a, 0, sizeof(*a));
    a->port = *port;
    a->registry = registry;
    a->host_names = config->host_names;
    memcpy(a->token, config->token, ISERE_TOKEN_LEN);
    *admin = a;
    return 0;
}

/* The token goes first: freed memory may be read by what has a fault. */
void isere_admin_destroy(isere_admin_t *admin)
{
    if (!admin) {
        return;
    }
    isere_port_t port = admin->port;
    memset(admin->token, 0, sizeof(admin->token));
    isere_free(&port, admin);
}

int isere_admin_attach(isere_admin_t *admin, isere_server_t *server)
{
    isere_admin_side_t *side = isere_alloc(&admin->port, sizeof(*side));
    if (!side) {
        return ISERE_ERR_NOMEM;
    }
    memset(side, 0, sizeof(*side));
    side->admin = admin;
    side->server = server;
    isere_server_attach(server, &endpoint, side);
    return 0;
}
