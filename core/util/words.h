/*
 * Copying and clearing large blocks of whole words. On small targets the C
 * library may do both byte by byte to save space, which would make restoring a
 * heap several times as expensive; there the compiler's moves of several
 * registers at once do it. Elsewhere the C library knows best.
 */
#ifndef ISERE_CORE_UTIL_WORDS_H
#define ISERE_CORE_UTIL_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A word of memory, whatever it is used for. */
typedef uintptr_t __attribute__((may_alias)) isere_word_t;

typedef struct isere_words {
    isere_word_t word[8];
} __attribute__((may_alias)) isere_words_t;

static inline void isere_words_copy(isere_word_t *to, const isere_word_t *from,
                                    size_t count)
{
    if (sizeof(*to) > 4) {
        memcpy(to, from, count * sizeof(*to));
        return;
    }
    for (; count >= 8; count -= 8, to += 8, from += 8) {
        *(isere_words_t *)to = *(const isere_words_t *)from;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
}

static inline void isere_words_clear(isere_word_t *to, size_t count)
{
    if (sizeof(*to) > 4) {
        memset(to, 0, count * sizeof(*to));
        return;
    }
    /* The barrier keeps the compiler from making it a call of memset. */
    for (; count >= 8; count -= 8, to += 8) {
        to[0] = to[1] = to[2] = to[3] = 0;
        to[4] = to[5] = to[6] = to[7] = 0;
        __asm__ volatile("" ::: "memory");
    }
    for (; count > 0; count--) {
        *to++ = 0;
    }
}

#endif
