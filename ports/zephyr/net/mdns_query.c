/* Questions for an IPv6 address by multicast DNS, and the answer of a device
 * that has none. */
#include "ports/zephyr/net/mdns_query.h"
#include <string.h>
#include <strings.h>

enum {
    HEADER = 12,
    FLAGS_AT = 2,
    QUESTIONS_AT = 4,
    ANSWERS_AT = 6,
    ADDITIONAL_AT = 10,
    IS_RESPONSE = 0x80, /* in the first byte of the flags */
    OPCODE = 0x78,
    AUTHORITATIVE = 0x04,
    LABEL_MAX = 63,
    TYPE_A = 1,
    TYPE_AAAA = 28,
    TYPE_NSEC = 47,
    CLASS_IN = 1,
    UNICAST = 0x8000,     /* in the class of a question: how to answer */
    CACHE_FLUSH = 0x8000, /* in the class of a record: there is no other */
    POINTER = 0xc000 | HEADER,
    TTL_S = 120,
};

static const char suffix[] = "local";

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static bool is_label(const uint8_t *p, const char *text)
{
    size_t len = strlen(text);
    return p[0] == len && strncasecmp((const char *)p + 1, text, len) == 0;
}

/* Passes a name by; false when it does not end in the message. *is_ours: it has
 * two labels, NAME and "local". */
static bool skip_name(const uint8_t **at, const uint8_t *end, const char *name,
                      bool *is_ours)
{
    int labels = 0;
    *is_ours = true;
    while (*at < end) {
        const uint8_t *p = *at;
        if (p[0] > LABEL_MAX || p[0] >= end - p) {
            return false;
        }
        *at = p + 1 + p[0];
        if (p[0] == 0) {
            *is_ours = *is_ours && labels == 2;
            return true;
        }
        *is_ours =
            *is_ours && labels < 2 && is_label(p, labels == 0 ? name : suffix);
        labels++;
    }
    return false;
}

bool isere__mdns_query_is_ipv6(const uint8_t *message, size_t size,
                               const char *name)
{
    const uint8_t *end = message + size;
    const uint8_t *at = message + HEADER;
    if (size < HEADER || message[FLAGS_AT] & (IS_RESPONSE | OPCODE)) {
        return false;
    }
    for (unsigned n = get16(message + QUESTIONS_AT); n > 0; n--) {
        bool is_ours;
        if (!skip_name(&at, end, name, &is_ours) || end - at < 4) {
            return false;
        }
        if (is_ours && get16(at) == TYPE_AAAA &&
            (get16(at + 2) & ~(unsigned)UNICAST) == CLASS_IN) {
            return true;
        }
        at += 4;
    }
    return false;
}

static uint8_t *put_label(uint8_t *p, const char *text)
{
    size_t len = strlen(text);
    *p = (uint8_t)len;
    memcpy(p + 1, text, len);
    return p + 1 + len;
}

/* What a record has between its name and its data. */
static uint8_t *put_record(uint8_t *p, unsigned type, unsigned size)
{
    p = put16(p, type);
    p = put16(p, CLASS_IN | CACHE_FLUSH);
    p = put16(p, 0);
    p = put16(p, TTL_S);
    return put16(p, size);
}

size_t isere__mdns_query_answer(const char *name, const uint8_t ipv4[4],
                                uint8_t answer[ISERE_MDNS_ANSWER_MAX])
{
    /* Of the types below 8 only A: a window of one byte. */
    static const uint8_t types[] = {0, 1, 0x80 >> TYPE_A};
    uint8_t *p = answer + HEADER;
    memset(answer, 0, HEADER);
    answer[FLAGS_AT] = IS_RESPONSE | AUTHORITATIVE;
    put16(answer + ANSWERS_AT, 1);
    put16(answer + ADDITIONAL_AT, 1);
    p = put_label(p, name);
    p = put_label(p, suffix);
    *p++ = 0;
    p = put_record(p, TYPE_NSEC, 2 + sizeof(types));
    p = put16(p, POINTER);
    memcpy(p, types, sizeof(types));
    p += sizeof(types);
    p = put16(p, POINTER);
    p = put_record(p, TYPE_A, 4);
    memcpy(p, ipv4, 4);
    return (size_t)(p + 4 - answer);
}
