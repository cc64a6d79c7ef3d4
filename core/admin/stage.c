/*
 * Collects the body of a deploy in flash.
 *
 * It lies in an extent that is never committed: so it is there while it is
 * needed, and after a power cut nobody knows of it. A piece of the body makes
 * at most one flash operation that takes long, the erasing of a sector; between
 * two pieces the server has a turn.
 */
#include "core/admin/stage.h"
#include "core/admin/reply.h"
#include "core/util/names/units.h"
#include <stdio.h>

struct isere_stage {
    isere_extent_writer_t writer;
    size_t most; /* bytes of the body */
};

void isere__stage_free(const isere_port_t *port, isere_stage_t *stage)
{
    if (stage) {
        isere_extents_abort(&stage->writer);
        isere_free(port, stage);
    }
}

static void refuse_length(isere_connection_t *c, const char *what, size_t most)
{
    char text[96], size[ISERE_UNITS_TEXT_MAX];
    snprintf(text, sizeof(text), "%s may have at most %s", what,
             isere_units_format_size(most, size));
    isere__reply_refuse(c, 413, text);
}

void isere__stage_refuse(isere_connection_t *c)
{
    isere__reply_refuse(c, 500, "the flash can't be written");
}

/* The client has left, or the rest will not come. */
static void cancel(isere_connection_t *c)
{
    isere__stage_free(isere_server_port(isere_exchange_server(c)),
                      isere_exchange_work(c));
}

/* What is refused in its middle ends the connection: nobody reads the rest. */
static bool take(isere_connection_t *c, isere_slice_t piece)
{
    isere_stage_t *stage = isere_exchange_work(c);
    isere_extent_writer_t *writer = &stage->writer;
    if (piece.len > stage->most - writer->size) {
        isere_exchange_end(c);
        refuse_length(c, "the body", stage->most);
        return false;
    }
    if (isere_extents_append(writer, piece.ptr, piece.len) != 0) {
        isere_exchange_end(c);
        isere__stage_refuse(c);
        return false;
    }
    return true;
}

/* A length that is known takes no more room than it needs. */
bool isere__stage_begin(const isere_admin_side_t *side, isere_connection_t *c,
                        const isere_call_t *call)
{
    isere_registry_t *registry = side->admin->registry;
    const isere_registry_config_t *config = &registry->config;
    const isere_port_t *port = isere_server_port(side->server);
    size_t most = call->is_source ? config->sizes.file : config->sizes.package;
    uint64_t length = isere_exchange_length(c);
    if (!registry->extents) {
        return false;
    }
    if (length > most) {
        refuse_length(c, call->is_source ? "a module" : "a package", most);
        return true;
    }
    isere_stage_t *stage = isere_alloc(port, sizeof(*stage));
    if (!stage) {
        isere__reply_no_memory(c);
        return true;
    }
    stage->most = most;
    if (isere_extents_begin_scratch(registry->extents,
                                    (length > 0 ? (size_t)length : most) + 1,
                                    &stage->writer) != 0) {
        isere__stage_free(port, stage);
        isere__reply_refuse(c, 503,
                            "no room in flash for the package at the moment: "
                            "try again");
        return true;
    }
    return !isere_exchange_take_body(c, stage, take, cancel);
}

int isere__stage_end(isere_stage_t *stage, isere_slice_t *body)
{
    isere_extent_writer_t *writer = &stage->writer;
    size_t size = writer->size;
    int error = isere_extents_append(writer, "", 1);
    if (!error) {
        error = isere_extents_end(writer);
    }
    *body = isere_slice_of((const char *)isere_extents_written(writer), size);
    return error;
}
