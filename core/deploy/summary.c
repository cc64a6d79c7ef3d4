/*
 * Functions as JSON: the answer to a change, and the entries of lists.
 *
 * The texts are made here, and not by who answers, since they are put together
 * of what only this folder knows; the writer escapes names and messages, which
 * may hold anything.
 */
#include "core/deploy/summary.h"
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/registry.h"
#include "core/isolate/function.h"
#include "core/util/cors.h"
#include "core/util/names/payload.h"

/* ---- texts of a length that is not known before ---- */

/* The length is not known before, and counting it would be a second run in any
 * case: a text that does not fit is written again with twice the room. Most
 * fit the first 1024 bytes. */
char *isere_summary_text(const isere_port_t *port,
                         void (*put)(isere_writer_t *text, const void *arg),
                         const void *arg, size_t *size)
{
    char *buf = NULL;
    isere_writer_t text;
    size_t room = 512;
    do {
        room *= 2;
        char *more = isere_resize(port, buf, room);
        if (!more) {
            isere_free(port, buf);
            return NULL;
        }
        buf = more;
        text = isere_writer_begin(buf, room);
        put(&text, arg);
    } while (text.full);
    *size = text.len;
    return buf;
}

/* ---- functions ---- */

static void put_name_and_version(isere_writer_t *text, const char *name,
                                 uint32_t version)
{
    isere_writer_puts(text, "{\"name\":");
    isere_writer_json(text, isere_slice(name));
    isere_writer_printf(text, ",\"version\":%lu", (unsigned long)version);
}

/* The routes in canonical form, those by default among them: what a client has
 * to call. */
static void put_routes(isere_writer_t *text, const isere_deployment_t *d)
{
    isere_writer_puts(text, ",\"routes\":[");
    for (size_t i = 0; i < d->nroutes; i++) {
        isere_writer_puts(text, i > 0 ? "," : "");
        isere_writer_json(text, isere_slice(d->routes[i]));
    }
    isere_writer_puts(text, "]");
}

static void put_content(isere_writer_t *text, const isere_deployment_t *d)
{
    isere_writer_puts(text, ",\"sha256\":");
    isere_writer_json(text, isere_slice(d->sha256));
    isere_writer_printf(text, ",\"bytes\":%lu", (unsigned long)d->bytes);
    put_routes(text, d);
}

/* Names only: values may be secrets, and lists are shown on screens and kept
 * in logs. */
static void put_env_names(isere_writer_t *text, const char *member,
                          const isere_deployment_t *d)
{
    isere_writer_puts(text, member);
    for (size_t i = 0; d->env[i]; i++) {
        const char *end = strchr(d->env[i], '=');
        isere_writer_puts(text, i > 0 ? "," : "");
        isere_writer_json(text,
                          isere_slice_of(d->env[i], (size_t)(end - d->env[i])));
    }
    isere_writer_puts(text, "]");
}

/* `replaced` warns of a deploy that may have hit another function of the same
 * name; `released` tells whether there was anything to release; "keptEnv",
 * which variables nobody gave this time. */
void isere_summary_put(isere_writer_t *text, const isere_summary_t *summary)
{
    const isere_deployment_t *d = summary->deployment;
    const isere_deployment_t *replaced = summary->replaced;
    put_name_and_version(text, d->name, d->version);
    put_content(text, d);
    if (replaced) {
        isere_writer_printf(text, ",\"replaced\":{\"version\":%lu,\"main\":",
                            (unsigned long)replaced->version);
        isere_writer_json(text, isere_slice(replaced->main));
        isere_writer_puts(text, "}");
    }
    if (summary->kept_env) {
        put_env_names(text, ",\"keptEnv\":[", d);
    }
    if (summary->released) {
        isere_writer_printf(text, ",\"released\":%s",
                            *summary->released ? "true" : "false");
    }
    isere_writer_puts(text, "}");
}

/* What applies, not what the package says: where that is silent, it is the
 * default of this server. */
static void put_limits(isere_writer_t *text, const isere_deployment_t *d)
{
    const isere_function_config_t *config = &d->function->config;
    isere_writer_puts(text, ",\"main\":");
    isere_writer_json(text, isere_slice(d->main));
    isere_writer_printf(text, ",\"memory\":%lu,\"timeout\":%lu,\"payload\":",
                        (unsigned long)config->memory_bytes,
                        (unsigned long)config->timeout_ms);
    isere_writer_json(text, isere_slice(isere_payload_names[config->payload]));
    put_env_names(text, ",\"env\":[", d);
    if (config->handler) {
        isere_writer_puts(text, ",\"handler\":");
        isere_writer_json(text, isere_slice(config->handler));
    }
    if (config->cors) {
        isere_writer_puts(text, ",\"cors\":");
        isere_cors_put_json(text, config->cors);
    }
}

static void put_status(isere_writer_t *text, const char *status,
                       const char *message)
{
    isere_writer_puts(text, ",\"status\":");
    isere_writer_json(text, isere_slice(status));
    isere_writer_puts(text, ",\"message\":");
    isere_writer_json(text, isere_slice(message));
}

/* A broken function has no deployment, so only its name, its version and the
 * reason are there. One that is quarantined has all, and is not served. */
void isere_summary_put_entry(isere_writer_t *text, isere_registry_t *registry,
                             const isere_catalog_entry_t *entry)
{
    const isere_deployment_t *d = entry->deployment;
    char why[256];
    put_name_and_version(text, entry->name, entry->version);
    if (d && d->previous > 0) {
        isere_writer_printf(text, ",\"previous\":%lu",
                            (unsigned long)d->previous);
    } else {
        isere_writer_puts(text, ",\"previous\":null");
    }
    if (!d) {
        put_status(text, "broken", entry->message);
    } else if (isere__faults_describe(registry, entry->name, why,
                                      sizeof(why))) {
        put_status(text, "quarantined", why);
    } else {
        put_status(text, "ok", "");
    }
    if (d) {
        put_content(text, d);
        put_limits(text, d);
    }
    isere_writer_puts(text, "}");
}
