/* Reads what is stored of a function's current version, without memory for the
 * whole of it. */
#include "core/deploy/files.h"
#include "core/util/text.h"
#include <limits.h>

int isere_deploy_open_files(isere_files_reader_t *reader,
                            const isere_registry_t *registry, const char *name)
{
    isere_store_manifest_t manifest;
    int error = isere_store_manifest(&registry->store, name, &manifest);
    *reader = (isere_files_reader_t){.registry = registry};
    if (error) {
        return error;
    }
    isere_text_copy(reader->name, sizeof(reader->name), isere_slice(name));
    reader->version = manifest.current;
    return isere_store_verify(&registry->store, name, manifest.current,
                              &reader->size);
}

int isere_deploy_read_files(isere_files_reader_t *reader, char *buf,
                            size_t size)
{
    size_t left = reader->size - reader->at;
    size_t want = left < size ? left : size;
    if (left == 0) {
        return ISERE_ERR_CLOSED;
    }
    want = want < INT_MAX ? want : INT_MAX;
    long n = isere_store_read_at(&reader->registry->store, reader->name,
                                 reader->version, reader->at, buf, want);
    if (n <= 0) {
        return ISERE_ERR_IO;
    }
    reader->at += (size_t)n;
    return (int)n;
}
