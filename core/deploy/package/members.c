/* The members of an object, without building it: each name once, in the order
 * of JavaScript's own properties. */
#include "core/deploy/package/members.h"
#include "core/util/json_read.h"

/* The member of that name, or a new one; NULL when there are too many. */
static isere_member_t *find_member(isere_members_t *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        if (isere_json_text_equals(m->list[i].name, name)) {
            return &m->list[i];
        }
    }
    if (m->count == ISERE_MEMBERS_MAX) {
        m->more = true;
        return NULL;
    }
    isere_member_t *member = &m->list[m->count++];
    member->name = name;
    return member;
}

/* Whether a name is an array index, as JavaScript has them. */
static bool is_index(const char *name, uint64_t *index)
{
    isere_json_text_t text = isere_json_text(name);
    char digits[16];
    size_t len = isere_json_text_next(&text, digits, sizeof(digits));
    *index = 0;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
        *index = *index * 10 + (uint64_t)(digits[i] - '0');
    }
    return len > 0 && len <= 10 && (len == 1 || digits[0] != '0') &&
           *index < UINT32_MAX;
}

static bool goes_before(const isere_member_t *a, const isere_member_t *b)
{
    uint64_t x, y;
    bool first = is_index(a->name, &x);
    return is_index(b->name, &y) ? first && x < y : first;
}

/* By insertion, so that all other names stay in their order. */
static void sort_members(isere_members_t *m)
{
    for (size_t i = 1; i < m->count; i++) {
        isere_member_t moved = m->list[i];
        size_t to = i;
        for (; to > 0 && goes_before(&moved, &m->list[to - 1]); to--) {
            m->list[to] = m->list[to - 1];
        }
        m->list[to] = moved;
    }
}

void isere__members_find(isere_members_t *m, const char *object)
{
    isere_json_each_t each = {.at = object};
    m->count = 0;
    m->more = false;
    while (isere_json_next(&each)) {
        isere_member_t *member = find_member(m, each.name);
        if (member) {
            member->value = each.value;
        }
    }
    sort_members(m);
}

const char *isere__members_value(const isere_members_t *m, const char *quoted)
{
    for (size_t i = 0; i < m->count; i++) {
        if (isere_json_text_equals(m->list[i].name, quoted)) {
            return m->list[i].value;
        }
    }
    return NULL;
}
