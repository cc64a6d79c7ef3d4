/* Named runs of sectors in flash: the list of them in memory, room for new
 * ones, and writing those. directory.c has what makes them count. */
#include "core/flash/extents.h"
#include "core/flash/directory.h"
#include <string.h>

enum { SECTOR_MIN = 512 };

/* The list's numbers are of 16 bits. */
#define SECTORS_MAX UINT32_C(0xffff)

/* ---- threads ---- */

void isere_extents_lock(const isere_extents_t *extents)
{
    if (extents->flash->lock) {
        extents->flash->lock(extents->flash->ctx);
    }
}

void isere_extents_unlock(const isere_extents_t *extents)
{
    if (extents->flash->unlock) {
        extents->flash->unlock(extents->flash->ctx);
    }
}

/* ---- reading ---- */

static uint32_t sectors_of(const isere_flash_t *flash)
{
    return (uint32_t)(flash->size / flash->sector);
}

static const uint8_t *bytes_of(const isere_extents_t *extents,
                               const isere_extent_t *extent)
{
    const isere_flash_t *flash = extents->flash;
    return flash->bytes + (size_t)extent->first * flash->sector;
}

typedef uint32_t __attribute__((may_alias)) unit_t;

/* FNV-1a over 32-bit units, of data that is aligned to them: the rest of the
 * last one counts as zeros. It has to notice worn flash, not attacks, and a CRC
 * takes ten times as long. */
static uint32_t add_up(uint32_t sum, const uint8_t *data, size_t size)
{
    const uint32_t prime = UINT32_C(0x01000193);
    const unit_t *units = (const unit_t *)data;
    size_t count = size / sizeof(*units);
    uint32_t last = 0;
    size_t i = 0;
    for (; i + 4 <= count; i += 4) { /* a start adds up some 250 KB */
        sum = (sum ^ units[i]) * prime;
        sum = (sum ^ units[i + 1]) * prime;
        sum = (sum ^ units[i + 2]) * prime;
        sum = (sum ^ units[i + 3]) * prime;
    }
    for (; i < count; i++) {
        sum = (sum ^ units[i]) * prime;
    }
    memcpy(&last, units + count, size % sizeof(*units));
    return size % sizeof(*units) > 0 ? (sum ^ last) * prime : sum;
}

static bool is_found(const isere_extent_t *e)
{
    return e->sectors > 0 && !e->gone;
}

isere_extent_t *isere_extents_find(isere_extents_t *extents, const char *name)
{
    isere_extent_t *found = NULL;
    isere_extents_lock(extents);
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX && !found; i++) {
        isere_extent_t *e = &extents->list[i];
        if (is_found(e) &&
            strcmp(isere__directory_record(extents, e)->name, name) == 0) {
            found = e;
        }
    }
    isere_extents_unlock(extents);
    return found;
}

void isere_extents_list(isere_extents_t *extents,
                        void (*each)(void *arg, isere_extent_t *extent,
                                     const char *name),
                        void *arg)
{
    isere_extents_lock(extents);
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        isere_extent_t *e = &extents->list[i];
        if (is_found(e)) {
            each(arg, e, isere__directory_record(extents, e)->name);
        }
    }
    isere_extents_unlock(extents);
}

const uint8_t *isere_extents_content(const isere_extents_t *extents,
                                     const isere_extent_t *extent, size_t *size)
{
    isere_extents_lock(extents);
    *size = isere__directory_record(extents, extent)->size;
    isere_extents_unlock(extents);
    return bytes_of(extents, extent);
}

/* Adding up takes longer than the lock is held, and the record may move. */
bool isere_extents_check(const isere_extents_t *extents, isere_extent_t *extent)
{
    if (!extent->checked) {
        isere_extents_lock(extents);
        const isere_record_t *record = isere__directory_record(extents, extent);
        uint32_t size = record->size;
        uint32_t sum = record->sum;
        isere_extents_unlock(extents);
        extent->checked = add_up(0, bytes_of(extents, extent), size) == sum;
    }
    return extent->checked;
}

/* ---- going ---- */

void isere_extents_hold(isere_extent_t *extent)
{
    atomic_fetch_add(&extent->users, 1);
}

/* Only counts, so that any thread may do it at any time. */
void isere_extents_release(isere_extent_t *extent)
{
    atomic_fetch_sub(&extent->users, 1);
}

/* Frees the places of those that are gone and not used. */
static void sweep(isere_extents_t *extents)
{
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        isere_extent_t *e = &extents->list[i];
        if (e->gone && atomic_load(&e->users) == 0) {
            memset(e, 0, sizeof(*e));
        }
    }
}

int isere_extents_remove(isere_extents_t *extents, isere_extent_t *extent)
{
    isere_record_t record = {.sectors = 0};
    uint16_t slot;
    int error = 0;
    isere_extents_lock(extents);
    if (is_found(extent)) {
        memcpy(record.name, isere__directory_record(extents, extent)->name,
               sizeof(record.name));
        error = isere__directory_add(extents, &record, &slot);
        extent->gone = true;
    }
    isere_extents_unlock(extents);
    return error;
}

/* ---- opening ---- */

static bool is_usable(const isere_flash_t *flash)
{
    return flash->sector >= SECTOR_MIN && flash->unit > 0 &&
           flash->unit <= ISERE_EXTENT_UNIT_MAX &&
           (flash->unit & (flash->unit - 1)) == 0 &&
           flash->sector % ISERE_EXTENT_UNIT_MAX == 0 &&
           flash->size % flash->sector == 0 &&
           sectors_of(flash) <= SECTORS_MAX &&
           isere__directory_sectors(flash) > 0;
}

int isere_extents_open(isere_extents_t *extents, const isere_flash_t *flash)
{
    static const isere_flash_t nothing = {.sector = SECTOR_MIN, .unit = 1};
    memset(extents, 0, sizeof(*extents));
    extents->flash = &nothing;
    if (!is_usable(flash)) {
        return ISERE_ERR_INVAL;
    }
    extents->flash = flash;
    extents->next = isere__directory_sectors(flash);
    int error = isere__directory_open(extents);
    if (error) {
        extents->flash = &nothing;
    }
    return error;
}

/* ---- room ---- */

/* The extent that takes a sector, or NULL. */
static const isere_extent_t *owner(const isere_extents_t *extents,
                                   uint32_t sector)
{
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        const isere_extent_t *e = &extents->list[i];
        if (sector >= e->first && sector < (uint32_t)e->first + e->sectors) {
            return e;
        }
    }
    return NULL;
}

/* The sectors from `first` on, up to the next extent or the end. */
static uint32_t run_at(const isere_extents_t *extents, uint32_t first)
{
    uint32_t end = sectors_of(extents->flash);
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        const isere_extent_t *e = &extents->list[i];
        if (e->sectors > 0 && e->first >= first && e->first < end) {
            end = e->first;
        }
    }
    return end - first;
}

/* The first run of at least `sectors` from a sector on: where it begins, or 0,
 * where the directory is. *most gets the longest that was seen. */
static uint32_t find_run(const isere_extents_t *extents, uint32_t from,
                         uint32_t sectors, uint32_t *most)
{
    uint32_t all = sectors_of(extents->flash);
    while (sectors > 0 && from < all) {
        const isere_extent_t *e = owner(extents, from);
        uint32_t run =
            e ? (uint32_t)e->first + e->sectors - from : run_at(extents, from);
        if (!e && run >= sectors) {
            return from;
        }
        *most = !e && run > *most ? run : *most;
        from += run;
    }
    return 0;
}

size_t isere_extents_room(isere_extents_t *extents)
{
    const isere_flash_t *flash = extents->flash;
    uint32_t most = 0;
    isere_extents_lock(extents);
    sweep(extents);
    (void)find_run(extents, isere__directory_sectors(flash), UINT32_MAX, &most);
    isere_extents_unlock(extents);
    return most * flash->sector;
}

/* Goes round the flash, from behind the one that was begun last. */
static uint32_t find_room(const isere_extents_t *extents, uint32_t sectors)
{
    uint32_t most = 0;
    uint32_t first = find_run(extents, extents->next, sectors, &most);
    return first ? first
                 : find_run(extents, isere__directory_sectors(extents->flash),
                            sectors, &most);
}

/* The last run of at least `sectors`: where the last part of it of that size
 * begins, or 0. */
static uint32_t find_last(const isere_extents_t *extents, uint32_t sectors)
{
    uint32_t from = isere__directory_sectors(extents->flash);
    uint32_t most = 0;
    uint32_t last = 0;
    while ((from = find_run(extents, from, sectors, &most)) != 0) {
        uint32_t run = run_at(extents, from);
        last = from + run - sectors;
        from += run;
    }
    return last;
}

/* ---- writing ---- */

static isere_extent_t *free_place(isere_extents_t *extents)
{
    for (unsigned i = 0; i < ISERE_EXTENTS_MAX; i++) {
        if (extents->list[i].sectors == 0) {
            return &extents->list[i];
        }
    }
    return NULL;
}

/* How many hold `limit` bytes; 0 when the flash can't. */
static uint32_t sectors_for(const isere_flash_t *flash, size_t limit)
{
    return limit > flash->size
               ? 0
               : (uint32_t)((limit + flash->sector - 1) / flash->sector);
}

/* Nothing is written yet. Nobody finds it before commit, and its writer is who
 * uses it. */
static int begin_at(isere_extents_t *extents, uint32_t first, uint32_t sectors,
                    size_t limit, isere_extent_writer_t *w)
{
    isere_extent_t *e = free_place(extents);
    memset(w, 0, sizeof(*w));
    if (!e || first == 0 || sectors == 0) {
        return ISERE_ERR_LIMIT;
    }
    e->first = (uint16_t)first;
    e->sectors = (uint16_t)sectors;
    e->gone = true;
    isere_extents_hold(e);
    w->extents = extents;
    w->extent = e;
    w->limit = limit;
    return 0;
}

int isere_extents_begin(isere_extents_t *extents, const char *name,
                        size_t limit, isere_extent_writer_t *w)
{
    uint32_t sectors = sectors_for(extents->flash, limit);
    size_t len = strlen(name);
    memset(w, 0, sizeof(*w));
    if (len == 0 || len >= ISERE_EXTENT_NAME_MAX || limit == 0) {
        return ISERE_ERR_INVAL;
    }
    isere_extents_lock(extents);
    sweep(extents);
    uint32_t first = find_room(extents, sectors);
    int error = begin_at(extents, first, sectors, limit, w);
    if (!error) {
        memcpy(w->name, name, len);
        extents->next = first + sectors;
    }
    isere_extents_unlock(extents);
    return error;
}

int isere_extents_begin_scratch(isere_extents_t *extents, size_t limit,
                                isere_extent_writer_t *w)
{
    uint32_t sectors = sectors_for(extents->flash, limit);
    isere_extents_lock(extents);
    sweep(extents);
    uint32_t first = sectors > 0 ? find_last(extents, sectors) : 0;
    int error = begin_at(extents, first, sectors, limit, w);
    isere_extents_unlock(extents);
    return error;
}

int isere_extents_begin_last(isere_extents_t *extents, const char *name,
                             size_t limit, isere_extent_writer_t *w)
{
    size_t len = strlen(name);
    if (len == 0 || len >= ISERE_EXTENT_NAME_MAX) {
        memset(w, 0, sizeof(*w));
        return ISERE_ERR_INVAL;
    }
    int error = isere_extents_begin_scratch(extents, limit, w);
    if (!error) {
        memcpy(w->name, name, len);
    }
    return error;
}

/* Programs whole units at `offset` of the extent. A sector is erased when it is
 * reached, so that no step takes long. */
static void program(isere_extent_writer_t *w, size_t offset, const void *data,
                    size_t size)
{
    const isere_flash_t *flash = w->extents->flash;
    uint32_t first = w->extent->first;
    while (w->error == 0 && w->clean < offset + size) {
        isere_extents_lock(w->extents);
        w->error = isere__directory_erase(
            w->extents, first + (uint32_t)(w->clean / flash->sector));
        isere_extents_unlock(w->extents);
        w->clean += flash->sector;
    }
    if (w->error == 0) {
        w->error = flash->program(
            flash->ctx, (size_t)first * flash->sector + offset, data, size);
    }
}

/* Whole units go to the flash; the rest waits in the part. The part's first
 * byte is always that of a unit of the extent, as sizes of it are multiples. */
int isere_extents_append(isere_extent_writer_t *w, const void *data,
                         size_t size)
{
    const size_t unit = w->extents->flash->unit;
    const uint8_t *bytes = data;
    if (w->error == 0 && (w->ended || size > w->limit - w->size)) {
        w->error = ISERE_ERR_LIMIT;
    }
    while (w->error == 0 && size > 0) {
        size_t waiting = w->size % sizeof(w->part);
        size_t taken = sizeof(w->part) - waiting;
        taken = taken < size ? taken : size;
        memcpy(w->part + waiting, bytes, taken);
        size_t from = waiting & ~(unit - 1);
        size_t to = (waiting + taken) & ~(unit - 1);
        if (to > from) {
            program(w, w->size - waiting + from, w->part + from, to - from);
        }
        if (waiting + taken == sizeof(w->part)) {
            w->sum = add_up(w->sum, w->part, sizeof(w->part));
        }
        w->size += taken;
        bytes += taken;
        size -= taken;
    }
    return w->error;
}

const uint8_t *isere_extents_written(const isere_extent_writer_t *w)
{
    return bytes_of(w->extents, w->extent);
}

bool isere_extents_took(const isere_extent_writer_t *w)
{
    size_t whole = w->size - w->size % sizeof(w->part);
    return w->error == 0 && !w->ended &&
           add_up(0, isere_extents_written(w), whole) == w->sum;
}

int isere_extents_end(isere_extent_writer_t *w)
{
    const size_t unit = w->extents->flash->unit;
    size_t waiting = w->size % sizeof(w->part);
    size_t left = waiting % unit;
    if (w->error || w->ended) {
        return w->error;
    }
    w->ended = true;
    w->sum = add_up(w->sum, w->part, waiting);
    if (left > 0) {
        memset(w->part + waiting, w->extents->flash->erased, unit - left);
        program(w, w->size - left, w->part + waiting - left, unit);
    }
    return w->error;
}

/* Sectors that were not needed are free again. The checksum is of what was
 * given, so what the flash did not take is noticed when it is checked. */
static int enter(isere_extent_writer_t *w)
{
    isere_extents_t *extents = w->extents;
    size_t sector = extents->flash->sector;
    isere_extent_t *before = isere_extents_find(extents, w->name);
    w->extent->sectors =
        (uint16_t)(w->size > 0 ? (w->size + sector - 1) / sector : 1);
    isere_record_t record = {.first = w->extent->first,
                             .sectors = w->extent->sectors,
                             .size = (uint32_t)w->size,
                             .sum = w->sum};
    memcpy(record.name, w->name, sizeof(record.name));
    int error = isere__directory_add(extents, &record, &w->extent->slot);
    if (!error) {
        w->extent->gone = false;
        if (before) {
            before->gone = true;
        }
    }
    return error;
}

int isere_extents_commit(isere_extent_writer_t *w, isere_extent_t **extent)
{
    isere_extent_t *written = w->extent;
    int error = w->name[0] ? isere_extents_end(w) : ISERE_ERR_INVAL;
    if (!error) {
        isere_extents_lock(w->extents);
        error = enter(w);
        isere_extents_unlock(w->extents);
    }
    isere_extents_abort(w); /* the writer uses it no more */
    if (!error && extent) {
        *extent = written;
    }
    return error;
}

/* What has no record is no extent: nothing needs to be erased. */
void isere_extents_abort(isere_extent_writer_t *w)
{
    if (w->extent) {
        isere_extents_release(w->extent);
        w->extent = NULL;
    }
}
