/* What takes the place of Debian's picolibc. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

/*
 * The engine asks for the time when it makes a context. The library would ask
 * the host for it, and no two runs would be the same.
 */
int gettimeofday(struct timeval *now, void *zone)
{
    (void)zone;
    now->tv_sec = 1767225600;
    now->tv_usec = 0;
    return 0;
}

/*
 * memset and memcpy by words. The library's are built for size and move single
 * bytes; the firmware is linked with a picolibc that is built for speed.
 */
/* May lie over what has any other type. */
typedef uint32_t __attribute__((may_alias)) word_t;

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memcpy(void *restrict to, const void *restrict from, size_t length)
{
    unsigned char *p = to;
    const unsigned char *q = from;
    if (((uintptr_t)p - (uintptr_t)q) % sizeof(word_t) == 0) {
        for (; length > 0 && (uintptr_t)p % sizeof(word_t) != 0; length--) {
            *p++ = *q++;
        }
        for (; length >= 4 * sizeof(word_t); length -= 4 * sizeof(word_t)) {
            word_t *words = (word_t *)p;
            const word_t *others = (const word_t *)q;
            words[0] = others[0];
            words[1] = others[1];
            words[2] = others[2];
            words[3] = others[3];
            p += 4 * sizeof(word_t);
            q += 4 * sizeof(word_t);
        }
    }
    for (; length > 0; length--) {
        *p++ = *q++;
    }
    return to;
}

__attribute__((optimize("no-tree-loop-distribute-patterns"))) void *
memset(void *start, int value, size_t length)
{
    unsigned char *p = start;
    uint32_t word = (unsigned char)value * UINT32_C(0x01010101);
    for (; length > 0 && (uintptr_t)p % sizeof(word) != 0; length--) {
        *p++ = (unsigned char)value;
    }
    for (; length >= 4 * sizeof(word); length -= 4 * sizeof(word)) {
        word_t *words = (word_t *)p;
        words[0] = word;
        words[1] = word;
        words[2] = word;
        words[3] = word;
        p += 4 * sizeof(word);
    }
    for (; length > 0; length--) {
        *p++ = (unsigned char)value;
    }
    return start;
}
