/* Flash in memory, with the rules of NOR flash and power cuts. */
#define _GNU_SOURCE
#include "tests/unit/support/nor.h"
#include "tests/unit/support/unit.h"
#ifdef __unix__
#include <sys/mman.h>
#endif

enum { ERASED = 0xff };

#ifdef __unix__

static uint8_t *map(size_t size)
{
    uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(bytes != MAP_FAILED);
    return bytes;
}

static void unmap(uint8_t *bytes, size_t size)
{
    munmap(bytes, size);
}

/* Sectors are pages, or several. */
static void protect(nor_t *nor, size_t offset, size_t size, bool writable)
{
    size_t end = offset + size;
    offset -= offset % NOR_SECTOR;
    assert_int_equal(mprotect(nor->bytes + offset, end - offset,
                              writable ? PROT_READ | PROT_WRITE : PROT_READ),
                     0);
}

#else /* a processor without a system */

static uint8_t *map(size_t size)
{
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    return bytes;
}

static void unmap(uint8_t *bytes, size_t size)
{
    (void)size;
    free(bytes);
}

static void protect(nor_t *nor, size_t offset, size_t size, bool writable)
{
    (void)nor;
    (void)offset;
    (void)size;
    (void)writable;
}

#endif

/* How many of `size` bytes are done before power goes; all without a cut. */
static size_t count_until_cut(nor_t *nor, size_t size)
{
    nor->writes++;
    if (nor->writes != nor->cut_at) {
        return size;
    }
    nor->off = true;
    return nor->cut == NOR_BEFORE ? 0 : nor->cut == NOR_HALF ? size / 2 : size;
}

static int erase(void *ctx, size_t offset)
{
    nor_t *nor = ctx;
    assert_int_equal(offset % NOR_SECTOR, 0);
    assert_true(offset < nor->table.size);
    if (nor->off) {
        return ISERE_ERR_IO;
    }
    size_t done = count_until_cut(nor, NOR_SECTOR);
    nor->erases++;
    protect(nor, offset, NOR_SECTOR, true);
    memset(nor->bytes + offset, ERASED, done);
    if (done > 0 && done < NOR_SECTOR) {
        memset(nor->bytes + offset + done, 0x5a, 64);
    }
    protect(nor, offset, NOR_SECTOR, false);
    return nor->off ? ISERE_ERR_IO : 0;
}

static int program(void *ctx, size_t offset, const void *data, size_t size)
{
    nor_t *nor = ctx;
    assert_int_equal(offset % nor->table.unit, 0);
    assert_int_equal(size % nor->table.unit, 0);
    assert_true(offset <= nor->table.size && size <= nor->table.size - offset);
    if (nor->off) {
        return ISERE_ERR_IO;
    }
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(nor->bytes[offset + i], ERASED);
    }
    size_t done = count_until_cut(nor, nor->broken ? 0 : size);
    protect(nor, offset, size, true);
    memcpy(nor->bytes + offset, data, done);
    if (done > 0 && done < size) {
        nor->bytes[offset + done] = ((const uint8_t *)data)[done] | 0xa5;
    }
    protect(nor, offset, size, false);
    return nor->off ? ISERE_ERR_IO : 0;
}

void nor_init(nor_t *nor, unsigned sectors, size_t unit)
{
    size_t size = (size_t)sectors * NOR_SECTOR;
    memset(nor, 0, sizeof(*nor));
    nor->bytes = map(size);
    memset(nor->bytes, ERASED, size);
    nor->table = (isere_flash_t){
        .ctx = nor,
        .bytes = nor->bytes,
        .size = size,
        .sector = NOR_SECTOR,
        .unit = unit,
        .erased = ERASED,
        .erase = erase,
        .program = program,
    };
    protect(nor, 0, size, false);
}

void nor_deinit(nor_t *nor)
{
    unmap(nor->bytes, nor->table.size);
}

uint8_t *nor_damage(nor_t *nor)
{
    protect(nor, 0, nor->table.size, true);
    return nor->bytes;
}

void nor_power_on(nor_t *nor, int cut_at, enum nor_cut cut)
{
    nor->writes = 0;
    nor->erases = 0;
    nor->cut_at = cut_at;
    nor->cut = cut;
    nor->off = false;
}
