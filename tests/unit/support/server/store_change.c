#include "tests/unit/support/server/store_change.h"
#include <string.h>

int store_open(isere_store_t *store, const isere_port_t *port,
               const isere_blobs_t *blobs)
{
    isere_store_manifest_t *manifests;
    int count = isere_store_open(store, port, blobs, &manifests);
    if (count < 0) {
        return count;
    }
    isere_free(port, manifests);
    return 0;
}

int store_put(const isere_store_t *store, const char *name, const char *text,
              isere_store_manifest_t *manifest)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_store_plan_t plan;
    int error = isere_store_plan_put(store, name, &plan);
    if (!error) {
        isere_sha256_of(text, strlen(text), sum);
        error = isere_store_put(store, &plan, isere_slice(text), sum);
    }
    if (!error) {
        *manifest = plan.after;
    }
    return error;
}

int store_rollback(const isere_store_t *store, const char *name,
                   isere_store_manifest_t *manifest)
{
    isere_store_plan_t plan;
    int error = isere_store_plan_rollback(store, name, &plan);
    if (!error) {
        error = isere_store_rollback(store, &plan);
    }
    if (!error) {
        *manifest = plan.after;
    }
    return error;
}
