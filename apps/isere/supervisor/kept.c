/* The function that is served without a store, kept in two memory files: one is
 * written while the other one is complete. Whatever a dying server wrote is
 * checked before it is used. */
#include "apps/isere/supervisor/kept.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Inherited by the servers. */
static int fds[2] = {-1, -1};

void isere_kept_create(void)
{
    for (int i = 0; i < 2; i++) {
        /* No name in any folder, and gone with the last process that has it
         * open. */
        fds[i] = memfd_create("isere-function", MFD_CLOEXEC);
    }
}

static isere_kept_state_t *state(void)
{
    return isere_shared() && fds[0] >= 0 && fds[1] >= 0 ? &isere_shared()->kept
                                                        : NULL;
}

/* FNV-1a: it detects what a fault left behind, not what an attacker made. */
static uint64_t sum_up(uint64_t sum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ bytes[i]) * 0x100000001b3;
    }
    return sum;
}

static uint64_t sum_of(const isere_kept_place_t *place, const void *data)
{
    uint64_t sum = 0xcbf29ce484222325;
    sum = sum_up(sum, &place->code_size, sizeof(place->code_size));
    sum = sum_up(sum, &place->names_size, sizeof(place->names_size));
    return sum_up(sum, data, place->code_size + place->names_size);
}

/* ---- saving ---- */

static size_t names_size(const isere_files_t *files)
{
    size_t size = 0;
    for (const isere_file_t *f = files->files; f; f = f->next) {
        size += strlen(f->name) + 1;
    }
    return size;
}

static void put_names(const isere_files_t *files, char *out)
{
    for (const isere_file_t *f = files->files; f; f = f->next) {
        size_t size = strlen(f->name) + 1;
        memcpy(out, f->name, size);
        out += size;
    }
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t n = pwrite(fd, data + at, size - at, (off_t)at);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

void isere_kept_save(const isere_program_t *program)
{
    isere_kept_state_t *kept = state();
    isere_slice_t code = isere_program_code(program);
    unsigned next = kept ? atomic_load(&kept->saves) + 1 : 0;
    isere_kept_place_t place = {code.len, names_size(&program->files), 0};
    size_t size = place.code_size + place.names_size;
    /* Failing to keep it is no error: the next server reads the files. */
    uint8_t *data = kept ? malloc(size) : NULL;
    if (!data) {
        return;
    }
    memcpy(data, code.ptr, code.len);
    put_names(&program->files, (char *)data + code.len);
    place.sum = sum_of(&place, data);
    /* The counter is moved last: a death before that leaves the other place
     * valid. */
    if (ftruncate(fds[next % 2], (off_t)size) == 0 &&
        write_all(fds[next % 2], data, size)) {
        kept->places[next % 2] = place;
        atomic_store(&kept->saves, next);
    }
    free(data);
}

/* ---- loading ---- */

static bool read_all(int fd, uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t n = pread(fd, data + at, size - at, (off_t)at);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Sizes that a server wrote before it died are checked against the file. */
static bool is_whole(int fd, const isere_kept_place_t *place)
{
    off_t size = lseek(fd, 0, SEEK_END);
    return size > 0 && place->code_size <= (size_t)size &&
           place->names_size == (size_t)size - place->code_size;
}

int isere_kept_load(const isere_port_t *port, const isere_args_t *args,
                    isere_program_t *program, isere_fault_t *fault)
{
    const isere_kept_state_t *kept = state();
    unsigned saves = kept ? atomic_load(&kept->saves) : 0;
    int fd = fds[saves % 2];
    isere_kept_place_t place = {0};
    uint8_t *data;
    size_t size;
    int error = ISERE_ERR_NOENT;
    memset(program, 0, sizeof(*program));
    memset(fault, 0, sizeof(*fault));
    if (saves == 0 || !is_whole(fd, &kept->places[saves % 2])) {
        return error;
    }
    place = kept->places[saves % 2];
    size = place.code_size + place.names_size;
    data = isere_alloc(port, size);
    if (!data) {
        return ISERE_ERR_NOMEM;
    }
    /* The sum also covers the sizes, so a place that was half written fails
     * here. */
    if (read_all(fd, data, size) && sum_of(&place, data) == place.sum) {
        error = isere_files_name(&program->files, args->module,
                                 (const char *)data + place.code_size,
                                 place.names_size);
        program->code = data; /* the names stay behind it */
        program->code_size = place.code_size;
        return error ? error : isere_program_create(port, args, program, fault);
    }
    isere_free(port, data);
    return error;
}
