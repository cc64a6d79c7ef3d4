/* UTF-8: checks, decodes and repairs. */
#include "core/util/utf8.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd, REPLACEMENT_LEN = 3 };

/* Length of the run of ASCII bytes at `p`, looked at in words. */
static size_t ascii_run(const uint8_t *p, size_t len)
{
    const uintptr_t high_bits = (uintptr_t)0x8080808080808080u;
    size_t i = 0;
    /* Most text is ASCII, of which a word is looked at in one go. */
    while (len - i >= sizeof(uintptr_t)) {
        uintptr_t word;
        /* `p` may be at any address, where a cast would be undefined. This
         * compiles to one load. */
        memcpy(&word, p + i, sizeof(word));
        if (word & high_bits) {
            break;
        }
        i += sizeof(word);
    }
    while (i < len && p[i] < 0x80) {
        i++;
    }
    return i;
}

/* What may follow a lead byte: how many continuation bytes, and the range of
 * the first of them, which excludes overlongs, surrogates and anything above
 * U+10FFFF (RFC 3629 section 4). C0 and C1 begin nothing but overlongs, and
 * F5 and above nothing in range. */
typedef struct sequence {
    unsigned more;
    uint8_t low;
    uint8_t high;
} sequence_t;

static sequence_t sequence_of(uint8_t lead)
{
    sequence_t s = {0, 0x80, 0xbf};
    if (lead < 0xc2 || lead > 0xf4) {
        return s;
    }
    s.more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead == 0xe0) {
        s.low = 0xa0;
    } else if (lead == 0xed) {
        s.high = 0x9f;
    } else if (lead == 0xf0) {
        s.low = 0x90;
    } else if (lead == 0xf4) {
        s.high = 0x8f;
    }
    return s;
}

uint32_t isere_utf8_decode(const void *bytes, size_t len, size_t *used)
{
    const uint8_t *p = bytes;
    sequence_t s;
    uint32_t code_point;
    *used = 1;
    if (p[0] < 0x80) {
        return p[0];
    }
    s = sequence_of(p[0]);
    if (s.more == 0) {
        return REPLACEMENT;
    }
    code_point = p[0] & (0x3fu >> s.more);
    for (size_t i = 1; i <= s.more; i++) {
        if (i >= len || p[i] < s.low || p[i] > s.high) {
            /* As a decoder of the WHATWG: the longest prefix of a character
             * becomes one U+FFFD, and the byte that broke it is looked at
             * again. */
            *used = i;
            return REPLACEMENT;
        }
        code_point = code_point << 6 | (p[i] & 0x3f);
        s.low = 0x80;
        s.high = 0xbf;
    }
    *used = s.more + 1;
    return code_point;
}

/* Whether decode's answer stands for ill-formed input rather than for a
 * U+FFFD that was written out. */
static bool is_ill_formed(const uint8_t *p, uint32_t code_point, size_t used)
{
    static const uint8_t written[REPLACEMENT_LEN] = {0xef, 0xbf, 0xbd};
    return code_point == REPLACEMENT &&
           (used != REPLACEMENT_LEN || memcmp(p, written, used) != 0);
}

bool isere_utf8_valid(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t i = 0;
    for (;;) {
        size_t used;
        uint32_t code_point;
        i += ascii_run(p + i, len - i);
        if (i >= len) {
            return true;
        }
        code_point = isere_utf8_decode(p + i, len - i, &used);
        if (is_ill_formed(p + i, code_point, used)) {
            return false;
        }
        i += used;
    }
}

/* Without `out` it only counts: a bad byte becomes three, so a caller must
 * be able to measure before it allocates. */
static size_t append(char *out, size_t at, const void *bytes, size_t len)
{
    if (out && len > 0) {
        memcpy(out + at, bytes, len);
    }
    return at + len;
}

size_t isere_utf8_repair(const void *bytes, size_t len, char *out)
{
    const uint8_t *p = bytes;
    size_t written = 0;
    size_t i = 0;
    while (i < len) {
        size_t used = ascii_run(p + i, len - i);
        uint32_t code_point;
        written = append(out, written, p + i, used);
        i += used;
        if (i >= len) {
            break;
        }
        code_point = isere_utf8_decode(p + i, len - i, &used);
        if (is_ill_formed(p + i, code_point, used)) {
            written = append(out, written, "\xef\xbf\xbd", REPLACEMENT_LEN);
        } else {
            written = append(out, written, p + i, used);
        }
        i += used;
    }
    return written;
}

/* RFC 3629, section 3, without its ban on surrogates: a lone one becomes ED
 * and two more bytes (WTF-8), as in the engine's strings. What must be UTF-8
 * goes through isere_utf8_replace_surrogates. */
size_t isere_utf8_encode(uint32_t code_point, char *out)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

void isere_utf8_replace_surrogates(char *text, size_t len)
{
    char *p = text;
    char *end = text + len;
    /* Surrogates are ED A0..BF 80..BF; U+FFFD has three bytes as well. So
     * the text keeps its length. In text that is UTF-8 otherwise, ED is
     * always a lead byte. */
    while (end - p >= REPLACEMENT_LEN &&
           (p = memchr(p, 0xed, (size_t)(end - p) - 2)) != NULL) {
        if ((uint8_t)p[1] >= 0xa0) {
            memcpy(p, "\xef\xbf\xbd", REPLACEMENT_LEN);
        }
        p += REPLACEMENT_LEN;
    }
}
