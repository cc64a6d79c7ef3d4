/* The records of extents, and which of them count. Nothing in flash is changed
 * but by erasing it, so flash with an error-correcting code will do. */
#include "core/flash/directory.h"
#include "core/util/encode/crc32.h"
#include <string.h>

/* What a half begins with, in a slot like a record's: written last, when all
 * that was copied is there. */
typedef struct half_header {
    uint32_t magic;
    uint32_t generation; /* the half with the higher one counts */
    uint32_t crc;        /* CRC-32 of all before it */
} half_header_t;

static const uint32_t half_magic = 0x31485369;   /* "iSH1" */
static const uint32_t record_magic = 0x31525369; /* "iSR1" */

/* Twice as many records as there may be extents, and the header: so half of
 * the slots are free after a half was begun. */
enum { SLOTS_MIN = 2 * ISERE_EXTENTS_MAX + 1 };

/* ---- places ---- */

static size_t slot_size(const isere_flash_t *flash)
{
    return (sizeof(isere_record_t) + flash->unit - 1) & ~(flash->unit - 1);
}

static uint32_t half_sectors(const isere_flash_t *flash)
{
    size_t bytes = SLOTS_MIN * slot_size(flash);
    return (uint32_t)((bytes + flash->sector - 1) / flash->sector);
}

static uint32_t half_slots(const isere_flash_t *flash)
{
    return (uint32_t)(half_sectors(flash) * flash->sector / slot_size(flash));
}

uint32_t isere__directory_sectors(const isere_flash_t *flash)
{
    uint32_t sectors = 2 * half_sectors(flash);
    return sectors < flash->size / flash->sector ? sectors : 0;
}

static size_t offset_of(const isere_flash_t *flash, unsigned side,
                        uint32_t slot)
{
    return side * half_sectors(flash) * flash->sector + slot * slot_size(flash);
}

static const isere_record_t *record_at(const isere_flash_t *flash,
                                       unsigned side, uint32_t slot)
{
    return (const void *)(flash->bytes + offset_of(flash, side, slot));
}

const isere_record_t *isere__directory_record(const isere_extents_t *extents,
                                              const isere_extent_t *extent)
{
    return record_at(extents->flash, extents->side, extent->slot);
}

/* ---- reading ---- */

/* The CRC is the last field of both structs. */
static uint32_t crc_of(const void *record, size_t size)
{
    return isere_crc32(0, record, size - sizeof(uint32_t));
}

/* The generation of a half, or 0 when it is none. */
static uint32_t generation_of(const isere_flash_t *flash, unsigned side)
{
    const half_header_t *header =
        (const void *)(flash->bytes + offset_of(flash, side, 0));
    bool whole = header->magic == half_magic &&
                 header->crc == crc_of(header, sizeof(*header));
    return whole ? header->generation : 0;
}

/* Whether a record is one, and its extent lies in the flash behind the
 * directory. */
static bool is_record(const isere_flash_t *flash, const isere_record_t *r)
{
    uint32_t from = isere__directory_sectors(flash);
    uint32_t all = (uint32_t)(flash->size / flash->sector);
    if (r->magic != record_magic || r->crc != crc_of(r, sizeof(*r)) ||
        !r->name[0] || r->name[ISERE_EXTENT_NAME_MAX - 1]) {
        return false;
    }
    return r->sectors == 0 || (r->first >= from && r->first < all &&
                               r->sectors <= all - r->first &&
                               r->size <= r->sectors * flash->sector);
}

static bool is_erased(const isere_flash_t *flash, unsigned side, uint32_t slot)
{
    const uint8_t *bytes = flash->bytes + offset_of(flash, side, slot);
    for (size_t i = 0; i < slot_size(flash); i++) {
        if (bytes[i] != flash->erased) {
            return false;
        }
    }
    return true;
}

/* Takes a record into the list, in place of the one of its name. Records that
 * the list has no room for are of a firmware with a longer one. */
static void take(isere_extents_t *extents, const isere_record_t *record,
                 uint32_t slot)
{
    isere_extent_t *e = isere_extents_find(extents, record->name);
    for (unsigned i = 0; !e && i < ISERE_EXTENTS_MAX; i++) {
        e = extents->list[i].sectors == 0 ? &extents->list[i] : NULL;
    }
    if (e) {
        memset(e, 0, sizeof(*e));
        e->first = (uint16_t)record->first;
        e->sectors = (uint16_t)record->sectors;
        e->slot = (uint16_t)slot;
    }
}

/* In the order in which they were written. A slot with neither a record nor
 * nothing in it was cut off, and is left alone. */
static void read_half(isere_extents_t *extents)
{
    const isere_flash_t *flash = extents->flash;
    uint32_t slot = 1;
    for (; slot < half_slots(flash); slot++) {
        const isere_record_t *record = record_at(flash, extents->side, slot);
        if (is_record(flash, record)) {
            take(extents, record, slot);
            extents->next = record->sectors > 0
                                ? record->first + record->sectors
                                : extents->next;
        } else if (is_erased(flash, extents->side, slot)) {
            break;
        }
    }
    extents->used = (uint16_t)slot;
}

/* ---- writing ---- */

int isere__directory_erase(isere_extents_t *extents, uint32_t sector)
{
    const isere_flash_t *flash = extents->flash;
    extents->erased++;
    return flash->erase(flash->ctx, (size_t)sector * flash->sector);
}

static int program_slot(const isere_flash_t *flash, unsigned side,
                        uint32_t slot, const void *record, size_t size)
{
    uint8_t bytes[ISERE_EXTENT_UNIT_MAX];
    memset(bytes, flash->erased, sizeof(bytes));
    memcpy(bytes, record, size);
    return flash->program(flash->ctx, offset_of(flash, side, slot), bytes,
                          slot_size(flash));
}

static int copy_records(const isere_extents_t *extents, unsigned to,
                        uint16_t slots[ISERE_EXTENTS_MAX], uint32_t *used)
{
    int error = 0;
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX && !error; i++) {
        const isere_extent_t *e = &extents->list[i];
        if (e->sectors > 0 && !e->gone) {
            slots[i] = (uint16_t)*used;
            error = program_slot(extents->flash, to, (*used)++,
                                 isere__directory_record(extents, e),
                                 sizeof(isere_record_t));
        }
    }
    return error;
}

/* The extents that are gone but in use have their records in the old half,
 * which nobody reads again. */
static int begin_half(isere_extents_t *extents)
{
    const isere_flash_t *flash = extents->flash;
    unsigned to = extents->generation == 0 ? 0 : 1 - extents->side;
    uint16_t slots[ISERE_EXTENTS_MAX];
    half_header_t header = {half_magic, extents->generation + 1, 0};
    uint32_t used = 1;
    int error = 0;
    header.crc = crc_of(&header, sizeof(header));
    for (uint32_t i = 0; i < half_sectors(flash) && !error; i++) {
        error = isere__directory_erase(extents, to * half_sectors(flash) + i);
    }
    if (!error) {
        error = copy_records(extents, to, slots, &used);
    }
    if (!error) {
        error = program_slot(flash, to, 0, &header, sizeof(header));
    }
    if (error) {
        return error;
    }
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        isere_extent_t *e = &extents->list[i];
        e->slot = e->sectors > 0 && !e->gone ? slots[i] : e->slot;
    }
    extents->generation = header.generation;
    extents->side = (uint16_t)to;
    extents->used = (uint16_t)used;
    return 0;
}

int isere__directory_add(isere_extents_t *extents, isere_record_t *record,
                         uint16_t *slot)
{
    const isere_flash_t *flash = extents->flash;
    record->magic = record_magic;
    record->crc = crc_of(record, sizeof(*record));
    int error = extents->used < half_slots(flash) ? 0 : begin_half(extents);
    if (!error) {
        *slot = extents->used++;
        error =
            program_slot(flash, extents->side, *slot, record, sizeof(*record));
    }
    return error;
}

int isere__directory_open(isere_extents_t *extents)
{
    uint32_t left = generation_of(extents->flash, 0);
    uint32_t right = generation_of(extents->flash, 1);
    extents->side = right > left;
    extents->generation = right > left ? right : left;
    if (extents->generation == 0) {
        return begin_half(extents);
    }
    read_half(extents);
    return 0;
}
