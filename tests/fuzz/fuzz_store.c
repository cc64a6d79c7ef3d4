/* The store over any bytes: what it calls a manifest or a package is one, a
 * change that fails changes nothing, and one that succeeds is read again. An
 * input is a list of blobs: what it is and how it is mended, a length, bytes.
 */
#include "core/deploy/quarantine/quarantine.h"
#include "core/store/record.h"
#include "core/util/encode/crc32.h"
#include "tests/unit/support/server/sim_blobs.h"
#include "tests/unit/support/server/store_change.h"
#include "tests/unit/support/test_port.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"f",   "f.1",          "f.2", "f.3",
                                    "f.4", "f.4294967295", "g",   "g.1"};
static const uint32_t versions[] = {0, 1, 2, 3, 4, UINT32_MAX, 0, 1};

static sim_blobs_t medium;
static isere_store_t store;

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

/* ---- the medium ---- */

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

/* So that what magic bytes and checksums guard is reached. */
static void mend(uint8_t *bytes, size_t size, uint32_t version)
{
    uint8_t fresh[ISERE_RECORD_SIZE], sum[ISERE_SHA256_SIZE];
    isere_store_manifest_t manifest = {0};
    if (version == 0 && size == ISERE_MANIFEST_SIZE) {
        isere__record_encode_manifest(&manifest, fresh);
        memcpy(bytes, fresh, 8);
        put32(bytes + 20, isere_crc32(0, bytes, 20));
    }
    if (version != 0 && size >= ISERE_RECORD_SIZE) {
        size_t len = size - ISERE_RECORD_SIZE;
        isere_sha256_of(bytes + ISERE_RECORD_SIZE, len, sum);
        isere__record_encode_version(version, (uint32_t)len, sum, fresh);
        memcpy(bytes, fresh, sizeof(fresh));
    }
}

static void fill_medium(const uint8_t *data, size_t size)
{
    sim_blobs_init(&medium);
    while (size >= 2) {
        unsigned which = data[0] & 7;
        bool mended = (data[0] & 8) != 0;
        size_t len = data[1];
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        sim_blobs_put(&medium, names[which], data, len);
        if (mended) {
            mend(sim_blobs_find(&medium, names[which])->bytes, len,
                 versions[which]);
        }
        data += len;
        size -= len;
    }
}

/* ---- what must hold ---- */

static void check_open(void)
{
    check(store_open(&store, isere_test_port(), &medium.table) == 0);
}

static bool can_read(const char *name, uint32_t version)
{
    const isere_port_t *port = isere_test_port();
    char blob_name[ISERE_BLOB_NAME_MAX];
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_store_package_t d;
    const sim_blob_t *blob;
    int error = isere_store_read(&store, name, version, &d);
    if (error != 0) {
        check(error == ISERE_ERR_INVAL || error == ISERE_ERR_NOENT);
        return false;
    }
    snprintf(blob_name, sizeof(blob_name), "%s.%lu", name,
             (unsigned long)version);
    blob = sim_blobs_find(&medium, blob_name);
    check(blob != NULL && blob->size == ISERE_RECORD_SIZE + d.size);
    isere_sha256_of(d.text, d.size, sum);
    check(memcmp(sum, d.sha256, sizeof(sum)) == 0);
    check(memcmp(sum, blob->bytes + 16, sizeof(sum)) == 0);
    check(((const char *)d.text)[d.size] == '\0');
    isere_free(port, d.text);
    return true;
}

static int look(const char *name, isere_store_manifest_t *manifest)
{
    int error = isere_store_manifest(&store, name, manifest);
    check(error == 0 || error == ISERE_ERR_NOENT || error == ISERE_ERR_INVAL);
    check((error == 0) == (manifest->current != 0));
    check(error != 0 || (manifest->current != manifest->previous &&
                         manifest->last >= manifest->current &&
                         manifest->last >= manifest->previous));
    return error;
}

static void check_list(void)
{
    const isere_port_t *port = isere_test_port();
    isere_store_manifest_t *manifests, manifest;
    int count = isere_store_open(&store, port, &medium.table, &manifests);
    check(count >= 0 && count <= 2);
    for (int i = 0; i < count; i++) {
        (void)look(manifests[i].name, &manifest);
        check(memcmp(&manifest, &manifests[i], sizeof(manifest)) == 0);
    }
    isere_free(port, manifests);
}

static void check_rollback(const char *name)
{
    isere_store_manifest_t before, after, manifest;
    int state = look(name, &before);
    int error = store_rollback(&store, name, &manifest);
    if (error == 0) {
        check(look(name, &after) == 0 && can_read(name, after.current));
        check(after.previous == 0 && after.current == manifest.current);
        check(state != 0 || after.current == before.previous);
    } else {
        check(look(name, &after) == state);
        check(memcmp(&before, &after, sizeof(before)) == 0);
    }
}

static void check_put(const char *name)
{
    isere_store_manifest_t before, after, manifest;
    int state = look(name, &before);
    int error = store_put(&store, name, "new", &manifest);
    if (error == 0) {
        check_open();
        check(look(name, &after) == 0);
        check(memcmp(&manifest, &after, sizeof(manifest)) == 0);
        check(state != 0 || after.current == before.last + 1);
        check(can_read(name, after.current));
        check(after.previous == 0 || can_read(name, after.previous));
    } else {
        check(error == ISERE_ERR_LIMIT); /* no number is left */
        check(look(name, &after) == state);
        check(memcmp(&before, &after, sizeof(before)) == 0);
    }
}

/* The blob of crashes: what is taken is what it says, byte for byte but for the
 * places that are not used. */
static void check_crashes(const uint8_t *data, size_t size, bool mended)
{
    static uint8_t bytes[ISERE_QUARANTINE_BLOB + 1];
    static uint8_t again[ISERE_QUARANTINE_BLOB];
    isere_quarantine_t table, copy;
    size = size < sizeof(bytes) ? size : sizeof(bytes);
    memcpy(bytes, data, size);
    if (mended && size > ISERE_QUARANTINE_HEAD + 4) {
        memcpy(bytes, "\x89isQ\1\0", 6);
        bytes[6] = (uint8_t)((size - ISERE_QUARANTINE_HEAD - 4) /
                             ISERE_QUARANTINE_ENTRY);
        bytes[7] = 0;
        put32(bytes + size - 4, isere_crc32(0, bytes, size - 4));
    }
    isere_quarantine_init(&table, isere_test_port(), 3, 60);
    isere_quarantine_init(&copy, isere_test_port(), 3, 60);
    if (isere_quarantine_decode(&table, bytes, size) == NULL) {
        check(isere_quarantine_size(&table) == size);
        isere_quarantine_encode(&table, again);
        check(isere_quarantine_decode(&copy, again, size) == NULL);
        check(copy.count == table.count);
        (void)isere_quarantine_report(&table, "new", 1, "here", 1);
    } else {
        check(table.count == 0);
    }
    isere_quarantine_deinit(&table);
    isere_quarantine_deinit(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_store_manifest_t manifest;
    isere_test_port_reset();
    check_crashes(data, size, false);
    check_crashes(data, size, true);
    fill_medium(data, size);
    check_open();
    check_list();
    for (unsigned i = 0; i < 8; i++) {
        (void)can_read(i < 6 ? "f" : "g", versions[i]);
    }
    check_rollback("f");
    check_put("f");
    check_put("g");
    check_rollback("f");
    if (look("f", &manifest) != ISERE_ERR_NOENT) {
        check(isere_store_remove(&store, "f") == 0);
    }
    check(isere_store_remove(&store, "f") == ISERE_ERR_NOENT);
    sim_blobs_drop(&medium, "g");
    check_open();
    check(sim_blobs_count(&medium) == 0);
    check(isere_test_state()->live_blocks == 0);
    sim_blobs_clear(&medium);
    return 0;
}
