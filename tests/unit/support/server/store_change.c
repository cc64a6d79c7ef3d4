#include "tests/unit/support/server/store_change.h"
#include <string.h>

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
