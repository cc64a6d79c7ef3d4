/*
 * The table of crashes: the rule that quarantines a function, and the format in
 * which the store keeps the table.
 *
 * It has no entries while nothing crashes, and at most
 * ISERE_QUARANTINE_ENTRIES of them, in the order in which functions crashed
 * first: so it is small enough to be searched from its start, and to be
 * written as a whole.
 */
#include "core/deploy/quarantine/quarantine.h"
#include "core/util/encode/crc32.h"
#include "core/util/text.h"

void isere_quarantine_init(isere_quarantine_t *q, const isere_port_t *port,
                           unsigned faults, uint32_t window_s)
{
    memset(q, 0, sizeof(*q));
    q->port = port;
    q->faults =
        faults < ISERE_QUARANTINE_FAULTS ? faults : ISERE_QUARANTINE_FAULTS;
    q->window_s = window_s;
}

static void clear(isere_quarantine_t *q)
{
    isere_free(q->port, q->entries);
    q->entries = NULL;
    q->count = 0;
}

void isere_quarantine_deinit(isere_quarantine_t *q)
{
    if (q->port) {
        clear(q);
    }
}

/* ---- entries ---- */

static isere_quarantine_entry_t *find(const isere_quarantine_t *q,
                                      const char *name)
{
    for (unsigned i = 0; i < q->count; i++) {
        if (strcmp(q->entries[i].name, name) == 0) {
            return &q->entries[i];
        }
    }
    return NULL;
}

const isere_quarantine_entry_t *
isere_quarantine_find(const isere_quarantine_t *q, const char *name)
{
    return find(q, name);
}

/* Entries stay in their order. The block shrinks only when the last one goes:
 * before that it would save a few bytes and might fail. */
static void remove_at(isere_quarantine_t *q, unsigned index)
{
    q->count--;
    memmove(&q->entries[index], &q->entries[index + 1],
            (q->count - index) * sizeof(*q->entries));
    q->changed = true;
    if (q->count == 0) {
        clear(q);
    }
}

bool isere_quarantine_forget(isere_quarantine_t *q, const char *name)
{
    const isere_quarantine_entry_t *entry = find(q, name);
    if (!entry) {
        return false;
    }
    remove_at(q, (unsigned)(entry - q->entries));
    return true;
}

static int64_t last_time(const isere_quarantine_entry_t *entry)
{
    return entry->times[entry->count - 1];
}

/* Forgets the function that faulted the longest ago and is not quarantined. A
 * quarantine is never forgotten for lack of room: that would serve a function
 * again which ends the program. */
static bool make_place(isere_quarantine_t *q)
{
    unsigned oldest = q->count;
    if (q->count < ISERE_QUARANTINE_ENTRIES) {
        return true;
    }
    for (unsigned i = 0; i < q->count; i++) {
        if (!q->entries[i].quarantined &&
            (oldest == q->count ||
             last_time(&q->entries[i]) < last_time(&q->entries[oldest]))) {
            oldest = i;
        }
    }
    if (oldest == q->count) {
        return false;
    }
    remove_at(q, oldest);
    return true;
}

/* A new one, all zero; NULL when there is no room. Pointers to entries are
 * invalid afterwards. */
static isere_quarantine_entry_t *add(isere_quarantine_t *q)
{
    if (!make_place(q)) {
        return NULL;
    }
    isere_quarantine_entry_t *entries =
        isere_resize(q->port, q->entries, (q->count + 1) * sizeof(*entries));
    if (!entries) {
        return NULL;
    }
    q->entries = entries;
    memset(&entries[q->count], 0, sizeof(*entries));
    return &entries[q->count++];
}

/* Also puts an entry back as it was, when the store could not be written. */
int isere_quarantine_put(isere_quarantine_t *q,
                         const isere_quarantine_entry_t *entry)
{
    isere_quarantine_entry_t *place = find(q, entry->name);
    if (!place) {
        place = add(q);
    }
    if (!place) {
        return ISERE_ERR_NOMEM;
    }
    *place = *entry;
    q->changed = true;
    return 0;
}

/* ---- faults ---- */

/* Whether the last faults of an entry break the rule: as many of them as the
 * rule names lie within the window. A clock that was set back makes times of
 * the future, which count as now: else a function could crash for years
 * without breaking it. */
static bool breaks_rule(const isere_quarantine_t *q,
                        const isere_quarantine_entry_t *entry)
{
    if (q->faults == 0 || entry->count < q->faults) {
        return false;
    }
    int64_t first = entry->times[entry->count - q->faults];
    int64_t last = last_time(entry);
    return first >= last || last - first <= (int64_t)q->window_s;
}

/* The oldest time goes when all places are taken: no rule looks further back
 * than ISERE_QUARANTINE_FAULTS. */
static void add_time(isere_quarantine_entry_t *entry, int64_t at_s)
{
    if (entry->count == ISERE_QUARANTINE_FAULTS) {
        entry->count--;
        memmove(entry->times, entry->times + 1,
                entry->count * sizeof(entry->times[0]));
    }
    entry->times[entry->count++] = at_s;
}

/* Another version begins with a clean record: its author may have mended the
 * fault. Crashes of a function that is quarantined already (in requests that
 * had begun) are noted, but change nothing. */
int isere_quarantine_report(isere_quarantine_t *q, const char *name,
                            uint32_t version, const char *where, int64_t at_s)
{
    isere_quarantine_entry_t *entry = find(q, name);
    if (!entry) {
        entry = add(q);
        if (!entry) {
            return ISERE_ERR_NOMEM;
        }
        isere_text_copy(entry->name, sizeof(entry->name), isere_slice(name));
    }
    if (entry->version != version) {
        entry->version = version;
        entry->count = 0;
        entry->quarantined = false;
    }
    isere_text_copy(entry->where, sizeof(entry->where), isere_slice(where));
    add_time(entry, at_s < 0 ? 0 : at_s);
    q->changed = true;
    if (entry->quarantined || !breaks_rule(q, entry)) {
        return 0;
    }
    entry->quarantined = true;
    entry->since_s = last_time(entry);
    return 1;
}

/* Signed, since another thread may read a clock that is a second behind: then
 * it is just not over yet. */
bool isere_quarantine_is_over(const isere_quarantine_t *q, const char *name,
                              int64_t now_s)
{
    const isere_quarantine_entry_t *entry = find(q, name);
    return entry && entry->quarantined && q->lasts_s > 0 &&
           now_s - entry->since_s >= (int64_t)q->lasts_s;
}

/* ---- the blob; docs/store.md ---- */

static const uint8_t magic[4] = {0x89, 'i', 's', 'Q'};

enum {
    FORMAT = 1,
    AT_FORMAT = 4,
    AT_COUNT = 6,
    /* In an entry: */
    AT_NAME = 0,
    AT_VERSION = 32,
    AT_QUARANTINED = 36,
    AT_TIMES_COUNT = 37,
    AT_ZERO = 38,
    AT_TIMES = 40,
    AT_WHERE = AT_TIMES + 8 * ISERE_QUARANTINE_FAULTS,
    NAME_LEN = ISERE_FUNCTION_NAME_MAX - 1,
};

_Static_assert(AT_WHERE + ISERE_QUARANTINE_WHERE == ISERE_QUARANTINE_ENTRY,
               "the parts of an entry fill it");

/* Little-endian on every machine, so that a store may be moved to another one.
 */
static void put(uint8_t *p, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

size_t isere_quarantine_size(const isere_quarantine_t *q)
{
    return ISERE_QUARANTINE_HEAD + (size_t)q->count * ISERE_QUARANTINE_ENTRY +
           4;
}

/* Zeros fill what the texts leave: the same table is always the same bytes. */
static void encode_entry(const isere_quarantine_entry_t *entry, uint8_t *out)
{
    memset(out, 0, ISERE_QUARANTINE_ENTRY);
    memcpy(out + AT_NAME, entry->name, strlen(entry->name));
    put(out + AT_VERSION, entry->version, 4);
    out[AT_QUARANTINED] = entry->quarantined;
    out[AT_TIMES_COUNT] = entry->count;
    for (unsigned i = 0; i < entry->count; i++) {
        put(out + AT_TIMES + 8 * i, (uint64_t)entry->times[i], 8);
    }
    memcpy(out + AT_WHERE, entry->where, strlen(entry->where));
}

void isere_quarantine_encode(const isere_quarantine_t *q, uint8_t *out)
{
    size_t end = isere_quarantine_size(q) - 4;
    memcpy(out, magic, sizeof(magic));
    put(out + AT_FORMAT, FORMAT, 2);
    put(out + AT_COUNT, q->count, 2);
    for (unsigned i = 0; i < q->count; i++) {
        encode_entry(&q->entries[i], out + ISERE_QUARANTINE_HEAD +
                                         (size_t)i * ISERE_QUARANTINE_ENTRY);
    }
    put(out + end, isere_crc32(0, out, end), 4);
}

/* Everything that code above relies on: a name that can be one, and not twice;
 * a count that fits the array; a text that ends. */
static bool is_sound(const isere_quarantine_t *q,
                     const isere_quarantine_entry_t *entry, const uint8_t *in)
{
    bool sound = (isere_function_name_is_valid(isere_slice(entry->name)) ||
                  strcmp(entry->name, ISERE_BUILT_IN_NAME) == 0) &&
                 in[AT_QUARANTINED] <= 1 && get(in + AT_ZERO, 2) == 0 &&
                 entry->count >= 1 && entry->count <= ISERE_QUARANTINE_FAULTS &&
                 in[AT_WHERE + ISERE_QUARANTINE_WHERE - 1] == 0;
    return sound && !find(q, entry->name);
}

/* Returns NULL, or what is wrong. When the quarantine began is not stored: it
 * was at the last of the times, or a little before, which makes it a little
 * longer at most. */
static const char *decode_entry(isere_quarantine_t *q, const uint8_t *in)
{
    isere_quarantine_entry_t entry;
    memset(&entry, 0, sizeof(entry));
    memcpy(entry.name, in + AT_NAME, NAME_LEN);
    entry.version = (uint32_t)get(in + AT_VERSION, 4);
    entry.quarantined = in[AT_QUARANTINED] != 0;
    entry.count = in[AT_TIMES_COUNT];
    if (!is_sound(q, &entry, in)) {
        return "an entry is invalid";
    }
    for (unsigned i = 0; i < entry.count; i++) {
        entry.times[i] =
            (int64_t)(get(in + AT_TIMES + 8 * i, 8) & (uint64_t)INT64_MAX);
    }
    memcpy(entry.where, in + AT_WHERE, ISERE_QUARANTINE_WHERE);
    entry.since_s = last_time(&entry);
    return isere_quarantine_put(q, &entry) ? "not enough memory" : NULL;
}

/* In the order from the most telling to the least: a medium of something else,
 * another version of us, a write that was cut off, damage. */
static const char *check(const uint8_t *bytes, size_t size, size_t *count)
{
    if (size < ISERE_QUARANTINE_HEAD + 4) {
        return "it is cut off";
    }
    if (memcmp(bytes, magic, sizeof(magic)) != 0) {
        return "it does not begin with the magic bytes";
    }
    if (get(bytes + AT_FORMAT, 2) != FORMAT) {
        return "its format version is not supported";
    }
    *count = (size_t)get(bytes + AT_COUNT, 2);
    if (*count > ISERE_QUARANTINE_ENTRIES ||
        size != ISERE_QUARANTINE_HEAD + *count * ISERE_QUARANTINE_ENTRY + 4) {
        return "its length is wrong";
    }
    return get(bytes + size - 4, 4) == isere_crc32(0, bytes, size - 4)
               ? NULL
               : "its checksum does not match";
}

/* Half a table is worse than none: it would tell nobody that something is
 * missing. */
const char *isere_quarantine_decode(isere_quarantine_t *q, const uint8_t *bytes,
                                    size_t size)
{
    size_t count;
    const char *wrong = check(bytes, size, &count);
    for (size_t i = 0; !wrong && i < count; i++) {
        wrong = decode_entry(q, bytes + ISERE_QUARANTINE_HEAD +
                                    i * ISERE_QUARANTINE_ENTRY);
    }
    if (wrong) {
        clear(q);
    }
    q->changed = false;
    return wrong;
}
