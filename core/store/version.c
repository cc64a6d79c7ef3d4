/* Versions: reading one and checking whether it is intact. A header gives the
 * length and the SHA-256 of the package; both are checked before they are
 * trusted. */
#include "core/store/internal.h"
#include "core/store/record.h"
#include <limits.h>

/* Bytes that are verified at once: of the port's memory, or of the stack when
 * there is none. A read may mean opening a file, so not too few. */
enum { CHUNK = 4096, SMALL_CHUNK = 128 };

/* What is known about a version's blob before its package is read. */
typedef struct version {
    char blob[ISERE_BLOB_NAME_MAX];
    uint32_t size;
    uint8_t sha256[ISERE_SHA256_SIZE];
    const char *wrong; /* with ISERE_ERR_INVAL */
    bool failed;       /* whoever it was handed on to */
} version_t;

long isere__version_read_bytes(const isere_store_t *store, const char *blob,
                               size_t offset, void *buf, size_t size)
{
    return store->blobs->read(store->blobs->ctx, blob, offset, buf, size);
}

/* The size in the header is not believed before memory is asked for: the
 * blob must end where the header says. Of two bytes that are asked for from
 * the last one on, exactly one must be there. */
static int check_end(const isere_store_t *store, version_t *v)
{
    uint8_t last[2];
    long n;
    v->wrong = "its length is wrong";
    if ((uint64_t)v->size + ISERE_RECORD_SIZE + sizeof(last) > LONG_MAX) {
        return ISERE_ERR_INVAL;
    }
    n = isere__version_read_bytes(store, v->blob,
                                  (size_t)ISERE_RECORD_SIZE + v->size - 1, last,
                                  sizeof(last));
    if (n < 0) {
        return (int)n;
    }
    return n == 1 ? 0 : ISERE_ERR_INVAL;
}

/* Nothing of the package is read, so the digest is only what the header
 * says. Who needs it proved verifies the version. */
static int read_header(const isere_store_t *store, const char *name,
                       uint32_t number, version_t *v)
{
    uint8_t header[ISERE_RECORD_SIZE];
    const uint8_t *sha256;
    long size;
    if (!isere_function_name_is_valid(isere_slice(name)) || number == 0) {
        return ISERE_ERR_NOENT;
    }
    isere__name_of_blob(name, number, v->blob);
    size = isere__version_read_bytes(store, v->blob, 0, header, sizeof(header));
    if (size < 0) {
        return (int)size;
    }
    v->wrong = isere__record_decode_version(header, (size_t)size, number,
                                            &v->size, &sha256);
    if (v->wrong) {
        return ISERE_ERR_INVAL;
    }
    memcpy(v->sha256, sha256, sizeof(v->sha256));
    return 0;
}

static int open_version(const isere_store_t *store, const char *name,
                        uint32_t number, version_t *v)
{
    int error = read_header(store, name, number, v);
    return error ? error : check_end(store, v);
}

static int check_sum(version_t *v, const uint8_t sum[ISERE_SHA256_SIZE])
{
    v->wrong = "its checksum does not match";
    return memcmp(sum, v->sha256, ISERE_SHA256_SIZE) == 0 ? 0 : ISERE_ERR_INVAL;
}

static void report_damage(const isere_store_t *store, const char *name,
                          uint32_t version, const char *wrong)
{
    isere__store_report(store, ISERE_LOG_ERROR, name,
                        "version %lu in the store is damaged: %s",
                        (unsigned long)version, wrong);
}

/* ---- verifying ---- */

/* A piece at a time: a device may have no memory for the whole package. The
 * SHA-256 is that of what was read and handed on, not of what lies on the
 * medium: it may fail between two reads. */
static int hash_package(const isere_store_t *store, version_t *v, uint8_t *buf,
                        size_t room, const isere_store_sink_t *sink)
{
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_sha256_t hash;
    isere_sha256_begin(&hash);
    for (size_t at = 0; at < v->size;) {
        size_t want = v->size - at < room ? v->size - at : room;
        long n = isere__version_read_bytes(store, v->blob,
                                           ISERE_RECORD_SIZE + at, buf, want);
        if (n < 0) {
            return (int)n;
        }
        if ((size_t)n != want) {
            v->wrong = "it is cut off";
            return ISERE_ERR_INVAL;
        }
        isere_sha256_add(&hash, buf, want);
        int error = sink ? sink->put(sink->arg, buf, want) : 0;
        if (error) {
            v->failed = true;
            return error;
        }
        at += want;
    }
    isere_sha256_end(&hash, sum);
    return check_sum(v, sum);
}

/* In pieces from memory, or small ones when there is none. */
static int hash_in_pieces(const isere_store_t *store, version_t *v,
                          const isere_store_sink_t *sink)
{
    uint8_t small[SMALL_CHUNK];
    uint8_t *chunk = isere_alloc(store->port, CHUNK);
    int error = hash_package(store, v, chunk ? chunk : small,
                             chunk ? CHUNK : SMALL_CHUNK, sink);
    isere_free(store->port, chunk);
    return error;
}

int isere__version_verify(const isere_store_t *store, const char *name,
                          uint32_t version, bool loud)
{
    version_t v;
    int error = open_version(store, name, version, &v);
    if (error == 0) {
        error = hash_in_pieces(store, &v, NULL);
    }
    if (error == ISERE_ERR_INVAL && loud) {
        report_damage(store, name, version, v.wrong);
    }
    return error;
}

/* ---- reading ---- */

/* Whether the manifest says that there is such a version. */
static bool is_referred_to(const isere_store_t *store, const char *name,
                           uint32_t version)
{
    isere_store_manifest_t manifest;
    return isere__manifest_load(store, name, &manifest) == 0 &&
           (manifest.current == version || manifest.previous == version);
}

/* The size is that of the blob itself: open_version came first. */
static int hand_on(const isere_store_t *store, version_t *v,
                   const isere_store_sink_t *sink)
{
    int error = sink->begin(sink->arg, v->size);
    v->failed = error != 0;
    return error ? error : hash_in_pieces(store, v, sink);
}

/* What open_version says of a version that should be there, in `error`. */
static int find_missing(const isere_store_t *store, const char *name,
                        uint32_t version, version_t *v, int error)
{
    if (error == ISERE_ERR_NOENT && version != 0 &&
        is_referred_to(store, name, version)) {
        v->wrong = "it is missing";
        return ISERE_ERR_INVAL;
    }
    return error;
}

static int read_to(const isere_store_t *store, const char *name,
                   uint32_t version, const isere_store_sink_t *sink,
                   version_t *v)
{
    int error = open_version(store, name, version, v);
    error = error  ? find_missing(store, name, version, v, error)
            : sink ? hand_on(store, v, sink)
                   : hash_in_pieces(store, v, NULL);
    if (error == ISERE_ERR_INVAL && !v->failed) {
        report_damage(store, name, version, v->wrong);
    }
    return error;
}

int isere_store_read_to(const isere_store_t *store, const char *name,
                        uint32_t version, const isere_store_sink_t *sink,
                        uint8_t sha256[ISERE_SHA256_SIZE])
{
    version_t v = {.failed = false};
    int error = read_to(store, name, version, sink, &v);
    memcpy(sha256, v.sha256, ISERE_SHA256_SIZE);
    return error;
}

int isere_store_verify(const isere_store_t *store, const char *name,
                       uint32_t version, size_t *size)
{
    version_t v = {.failed = false};
    int error = read_to(store, name, version, NULL, &v);
    *size = v.size;
    return error;
}

long isere_store_read_at(const isere_store_t *store, const char *name,
                         uint32_t version, size_t offset, void *buf,
                         size_t size)
{
    char blob[ISERE_BLOB_NAME_MAX];
    isere__name_of_blob(name, version, blob);
    return isere__version_read_bytes(store, blob, ISERE_RECORD_SIZE + offset,
                                     buf, size);
}

/* ---- into memory ---- */

static int begin_text(void *arg, size_t size)
{
    isere_store_package_t *package = arg;
    package->text = isere_alloc(package->port, size + 1);
    return package->text ? 0 : ISERE_ERR_NOMEM;
}

static int put_text(void *arg, const void *bytes, size_t size)
{
    isere_store_package_t *package = arg;
    memcpy((char *)package->text + package->size, bytes, size);
    package->size += size;
    return 0;
}

int isere_store_read(const isere_store_t *store, const char *name,
                     uint32_t version, isere_store_package_t *package)
{
    const isere_store_sink_t sink = {begin_text, put_text, package};
    *package = (isere_store_package_t){.port = store->port};
    int error =
        isere_store_read_to(store, name, version, &sink, package->sha256);
    if (error) {
        isere_free(store->port, package->text);
        package->text = NULL;
        return error;
    }
    ((char *)package->text)[package->size] = '\0';
    return 0;
}

int isere_store_sha256(const isere_store_t *store, const char *name,
                       uint32_t version, uint8_t sha256[ISERE_SHA256_SIZE])
{
    version_t v;
    int error = read_header(store, name, version, &v);
    if (error == 0) {
        memcpy(sha256, v.sha256, ISERE_SHA256_SIZE);
    }
    return error;
}
