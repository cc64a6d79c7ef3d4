/*
 * Extents: named bytes in flash, each in one run of sectors, so that they are
 * used where they lie (isere/flash.h).
 *
 * An extent is written once, from its beginning to its end, and counts from the
 * moment in which its record is in the directory: a power cut leaves the one of
 * its name before, or none. What somebody uses stays until it is given up, also
 * when it was replaced or removed. docs/store.md has the format, byte by byte.
 *
 * Extents can be made again from something else, so a flash with nonsense in it
 * is a flash without extents, never an error.
 *
 * Memory: all of it in the struct. Threads: any, where the flash has a lock;
 * each writer belongs to one of them. What was found is another's to remove, so
 * it is held before the lock is given up.
 */
#ifndef ISERE_CORE_FLASH_EXTENTS_H
#define ISERE_CORE_FLASH_EXTENTS_H

#include "isere/flash.h"
#include <stdatomic.h>
#include <stdbool.h>

enum {
    ISERE_EXTENTS_MAX = 64,     /* at once, with those that go */
    ISERE_EXTENT_NAME_MAX = 48, /* with the NUL */
    ISERE_EXTENT_UNIT_MAX = 256,
};

typedef struct isere_extent {
    uint16_t first;    /* sector */
    uint16_t sectors;  /* 0: this place in the list is free */
    uint16_t slot;     /* of its record in the directory */
    bool gone;         /* not found any more; its room is free without users */
    bool checked;      /* the content was compared with its checksum */
    atomic_uint users; /* without the lock: who writes it is one */
} isere_extent_t;

typedef struct isere_extents {
    const isere_flash_t *flash;
    isere_extent_t list[ISERE_EXTENTS_MAX];
    uint32_t next;       /* sector from which room is looked for, so that all
                            sectors wear alike */
    uint32_t erased;     /* sectors that were erased since the start */
    uint32_t generation; /* of the directory */
    uint16_t side;       /* half of the directory that is in use: 0 or 1 */
    uint16_t used;       /* slots of it */
} isere_extents_t;

/* An extent that is being written. */
typedef struct isere_extent_writer {
    isere_extents_t *extents;
    isere_extent_t *extent; /* NULL: nothing is being written */
    size_t size;            /* of the content so far */
    size_t limit;           /* of the content */
    size_t clean;           /* bytes of the extent that are erased */
    uint32_t sum;           /* of what went through the part */
    bool ended;             /* nothing can be appended any more */
    int error;              /* of the first step that failed */
    char name[ISERE_EXTENT_NAME_MAX];
    /* What does not fill a unit yet. */
    uint8_t part[ISERE_EXTENT_UNIT_MAX] __attribute__((aligned(4)));
} isere_extent_writer_t;

/* Finds the extents of a flash. The table is borrowed. Returns 0;
 * ISERE_ERR_INVAL when it is not one that extents can lie in, ISERE_ERR_IO when
 * it can't be written: then there are none. */
int isere_extents_open(isere_extents_t *extents, const isere_flash_t *flash);

/* Holds up other threads: from finding an extent to holding it. May nest. */
void isere_extents_lock(const isere_extents_t *extents);
void isere_extents_unlock(const isere_extents_t *extents);

/* The extent of that name, or NULL. It stays where it is until it is removed or
 * replaced or, if it is held, until it is given up after that. */
isere_extent_t *isere_extents_find(isere_extents_t *extents, const char *name);

/* Calls `each` for all extents that are not gone; it may remove the extent that
 * it is called for. `name` is valid during the call. */
void isere_extents_list(isere_extents_t *extents,
                        void (*each)(void *arg, isere_extent_t *extent,
                                     const char *name),
                        void *arg);

/* What one that is found holds: *size bytes, at the beginning of a sector. The
 * pointer stays good as long as the extent is held. */
const uint8_t *isere_extents_content(const isere_extents_t *extents,
                                     const isere_extent_t *extent,
                                     size_t *size);

/* Whether the content of one that is found has its checksum. Worked out once
 * after each start. */
bool isere_extents_check(const isere_extents_t *extents,
                         isere_extent_t *extent);

/* One user more, one less. */
void isere_extents_hold(isere_extent_t *extent);
void isere_extents_release(isere_extent_t *extent);

/* It is not found any more, and its room is free when nobody uses it. Returns 0
 * or ISERE_ERR_IO: then it is found again after a reset. */
int isere_extents_remove(isere_extents_t *extents, isere_extent_t *extent);

/* Bytes for which there is room in one extent. */
size_t isere_extents_room(isere_extents_t *extents);

/*
 * Begins an extent with room for `limit` bytes, which must be more than 0.
 * Returns 0 with *writer, which is ended with commit or abort; ISERE_ERR_LIMIT
 * when there is no room, ISERE_ERR_INVAL when the name is empty or too long.
 */
int isere_extents_begin(isere_extents_t *extents, const char *name,
                        size_t limit, isere_extent_writer_t *writer);

/* The same for what is small and often replaced: it lies as far behind as can
 * be, so that it leaves no holes between the others. */
int isere_extents_begin_last(isere_extents_t *extents, const char *name,
                             size_t limit, isere_extent_writer_t *writer);

/* The same for what is needed for a while only and is never committed. */
int isere_extents_begin_scratch(isere_extents_t *extents, size_t limit,
                                isere_extent_writer_t *writer);

/* Adds to the content; erases and programs as much as that needs. Returns 0,
 * ISERE_ERR_LIMIT (more than the limit) or ISERE_ERR_IO; after an error only
 * abort is of use. */
int isere_extents_append(isere_extent_writer_t *writer, const void *data,
                         size_t size);

/* Where its content is: writer->size bytes, of which the last ones, fewer than
 * a unit, are not there before isere_extents_end. */
const uint8_t *isere_extents_written(const isere_extent_writer_t *writer);

/* Whether the flash has what was appended, as far as it fills whole blocks of
 * ISERE_EXTENT_UNIT_MAX bytes. */
bool isere_extents_took(const isere_extent_writer_t *writer);

/* Programs what is left of the last unit: the content is complete and can be
 * read, but does not count. Returns 0 or an error of append. */
int isere_extents_end(isere_extent_writer_t *writer);

/* Makes it count, in place of the one of its name. Returns 0 with *extent (may
 * be NULL), or the first error: then it was given up. */
int isere_extents_commit(isere_extent_writer_t *writer,
                         isere_extent_t **extent);

/* Gives up what was begun; if it is held, it stays where it is until it is not.
 * After commit, and on a writer that is all zero, it does nothing. */
void isere_extents_abort(isere_extent_writer_t *writer);

#endif
