#include "tests/unit/support/server/sim_blobs.h"
#include <stdint.h>
#include <stdlib.h>

typedef enum kind {
    LIST,
    READ,
    WRITE,
    REMOVE,
} kind_t;

/* What becomes of an operation. */
typedef struct verdict {
    bool done;
    int error; /* 0: it tells the truth */
} verdict_t;

static verdict_t judge(sim_blobs_t *medium, kind_t kind)
{
    verdict_t v = {true, 0};
    medium->operations++;
    if (medium->down || (medium->no_reads && kind == READ) ||
        (medium->no_writes && kind == WRITE)) {
        return (verdict_t){false, ISERE_ERR_IO};
    }
    if (medium->fail_at == 0 || medium->operations != medium->fail_at) {
        return v;
    }
    switch (medium->fault) {
    case SIM_BLOBS_FULL:
        return kind == WRITE ? (verdict_t){false, ISERE_ERR_LIMIT} : v;
    case SIM_BLOBS_FAIL_DONE:
    case SIM_BLOBS_FAIL_DONE_WRITES:
    case SIM_BLOBS_FAIL_DONE_READS:
        medium->no_writes = medium->fault == SIM_BLOBS_FAIL_DONE_WRITES;
        medium->no_reads = medium->fault == SIM_BLOBS_FAIL_DONE_READS;
        return (verdict_t){true, ISERE_ERR_IO};
    case SIM_BLOBS_CUT_DONE:
        medium->down = true;
        return (verdict_t){true, ISERE_ERR_IO};
    case SIM_BLOBS_FAIL_ALL:
    case SIM_BLOBS_CUT:
        medium->down = true;
        break;
    default:
        break;
    }
    return (verdict_t){false, ISERE_ERR_IO};
}

/* ---- the medium itself ---- */

sim_blob_t *sim_blobs_find(sim_blobs_t *medium, const char *name)
{
    for (int i = 0; i < SIM_BLOBS_MAX; i++) {
        if (strcmp(medium->blobs[i].name, name) == 0) {
            return &medium->blobs[i];
        }
    }
    return NULL;
}

/* What the store does with names and memory would be a bug of its own. */
static void must(bool right)
{
    if (!right) {
        abort();
    }
}

static void replace(sim_blobs_t *medium, const char *name, unsigned char *bytes,
                    size_t size)
{
    sim_blob_t *blob = sim_blobs_find(medium, name);
    if (!blob) {
        blob = sim_blobs_find(medium, "");
        must(blob != NULL && name[0] && strlen(name) < ISERE_BLOB_NAME_MAX);
        memcpy(blob->name, name, strlen(name) + 1);
    }
    free(blob->bytes);
    medium->used = medium->used - blob->size + size;
    blob->bytes = bytes;
    blob->size = size;
}

void sim_blobs_put(sim_blobs_t *medium, const char *name, const void *bytes,
                   size_t size)
{
    unsigned char *copy = malloc(size + 1);
    must(copy != NULL);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    replace(medium, name, copy, size);
}

void sim_blobs_drop(sim_blobs_t *medium, const char *name)
{
    sim_blob_t *blob = sim_blobs_find(medium, name);
    if (blob && name[0]) {
        free(blob->bytes);
        medium->used -= blob->size;
        memset(blob, 0, sizeof(*blob));
    }
}

int sim_blobs_count(const sim_blobs_t *medium)
{
    int count = 0;
    for (int i = 0; i < SIM_BLOBS_MAX; i++) {
        count += medium->blobs[i].name[0] ? 1 : 0;
    }
    return count;
}

void sim_blobs_clear(sim_blobs_t *medium)
{
    for (int i = 0; i < SIM_BLOBS_MAX; i++) {
        sim_blobs_drop(medium, medium->blobs[i].name);
    }
}

void sim_blobs_restart(sim_blobs_t *medium)
{
    medium->down = medium->no_reads = medium->no_writes = false;
    medium->fail_at = 0;
}

/* ---- the operations ---- */

static int list_blobs(void *ctx, isere_blob_fn *each, void *arg)
{
    sim_blobs_t *medium = ctx;
    verdict_t v = judge(medium, LIST);
    /* Backwards: no order is promised. */
    for (int i = SIM_BLOBS_MAX - 1; v.done && i >= 0; i--) {
        if (medium->blobs[i].name[0]) {
            each(arg, medium->blobs[i].name, medium->blobs[i].size);
        }
    }
    return v.error;
}

static int read_blob(void *ctx, const char *name, size_t offset, void *buf,
                     size_t size)
{
    sim_blobs_t *medium = ctx;
    verdict_t v = judge(medium, READ);
    const sim_blob_t *blob = sim_blobs_find(medium, name);
    if (v.error != 0) {
        return v.error;
    }
    if (!blob) {
        return ISERE_ERR_NOENT;
    }
    if (offset >= blob->size) {
        return 0;
    }
    size = size < blob->size - offset ? size : blob->size - offset;
    memcpy(buf, blob->bytes + offset, size);
    return (int)size;
}

static int write_blob(void *ctx, const char *name, const isere_slice_t *parts,
                      int count)
{
    sim_blobs_t *medium = ctx;
    verdict_t v = judge(medium, WRITE);
    unsigned char *bytes;
    size_t size = 0, at = 0;
    for (int i = 0; i < count; i++) {
        size += parts[i].len;
    }
    if (v.error == 0 &&
        (size > medium->capacity || medium->used > medium->capacity - size)) {
        return ISERE_ERR_LIMIT;
    }
    if (!v.done) {
        return v.error;
    }
    bytes = malloc(size + 1);
    must(bytes != NULL);
    for (int i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            memcpy(bytes + at, parts[i].ptr, parts[i].len);
        }
        at += parts[i].len;
    }
    replace(medium, name, bytes, size);
    return v.error;
}

static int remove_blob(void *ctx, const char *name)
{
    sim_blobs_t *medium = ctx;
    verdict_t v = judge(medium, REMOVE);
    bool found = sim_blobs_find(medium, name) != NULL;
    if (v.done) {
        sim_blobs_drop(medium, name);
    }
    return v.error != 0 ? v.error : (found ? 0 : ISERE_ERR_NOENT);
}

static uint64_t add_up(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sum =
            (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

/* The same when a blob is what it was before: more than is promised. */
static int get_state(void *ctx, uint64_t *state)
{
    sim_blobs_t *medium = ctx;
    verdict_t v = judge(medium, LIST);
    *state = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; v.done && i < SIM_BLOBS_MAX; i++) {
        const sim_blob_t *blob = &medium->blobs[i];
        if (blob->name[0]) {
            *state = add_up(*state, blob->name, sizeof(blob->name));
            *state = add_up(*state, &blob->size, sizeof(blob->size));
            *state = add_up(*state, blob->bytes, blob->size);
        }
    }
    return v.error;
}

void sim_blobs_init(sim_blobs_t *medium)
{
    memset(medium, 0, sizeof(*medium));
    medium->table = (isere_blobs_t){
        .ctx = medium,
        .list = list_blobs,
        .read = read_blob,
        .write = write_blob,
        .remove = remove_blob,
        .state = get_state,
    };
    medium->capacity = SIZE_MAX;
}
