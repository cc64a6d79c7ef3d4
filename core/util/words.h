/*
 * Copying and clearing large blocks of whole words. On small targets the C
 * library may do both byte by byte to save space, which would make restoring a
 * heap several times as expensive; there they are loops of moves of several
 * registers at once. Elsewhere the C library knows best.
 */
#ifndef ISERE_CORE_UTIL_WORDS_H
#define ISERE_CORE_UTIL_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A word of memory, whatever it is used for. */
typedef uintptr_t __attribute__((may_alias)) isere_word_t;

/* Words that the loops below move in one round. */
enum { ISERE_WORDS_ROUND = 32 };

/* Keeps the compiler from making a loop a call of the C library after all. */
#define ISERE_WORDS_NO_CALL __asm__ volatile("" ::: "memory")

#if defined(__thumb2__)
/* The compiler moves four registers at once, and never more: twice as many
 * instructions. Not r7 and r11, which may be frame pointers. */
#define ISERE_WORDS_REGISTERS "{r3, r4, r5, r6, r8, r9, r10, r12}\n\t"
#define ISERE_WORDS_CLOBBERED                                                  \
    "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "cc", "memory"
#define ISERE_WORDS_LOAD "ldmia %[from]!, " ISERE_WORDS_REGISTERS
#define ISERE_WORDS_STORE "stmia %[to]!, " ISERE_WORDS_REGISTERS
#define ISERE_WORDS_MOVE ISERE_WORDS_LOAD ISERE_WORDS_STORE

/* At least one round. */
static inline void isere_words_copy_rounds(isere_word_t *to,
                                           const isere_word_t *from,
                                           size_t rounds)
{
    __asm__ volatile("1:\n\t" ISERE_WORDS_MOVE ISERE_WORDS_MOVE ISERE_WORDS_MOVE
                         ISERE_WORDS_MOVE "subs %[rounds], #1\n\t"
                     "bne 1b"
                     : [to] "+r"(to), [from] "+r"(from), [rounds] "+l"(rounds)
                     :
                     : ISERE_WORDS_CLOBBERED);
}

static inline void isere_words_clear_rounds(isere_word_t *to, size_t rounds)
{
    __asm__ volatile("movs r3, #0\n\tmovs r4, #0\n\t"
                     "movs r5, #0\n\tmovs r6, #0\n\t"
                     "mov r8, r3\n\tmov r9, r3\n\t"
                     "mov r10, r3\n\tmov r12, r3\n\t"
                     "1:\n\t" ISERE_WORDS_STORE ISERE_WORDS_STORE
                         ISERE_WORDS_STORE ISERE_WORDS_STORE
                     "subs %[rounds], #1\n\t"
                     "bne 1b"
                     : [to] "+r"(to), [rounds] "+l"(rounds)
                     :
                     : ISERE_WORDS_CLOBBERED);
}
#else
typedef struct isere_words {
    isere_word_t word[ISERE_WORDS_ROUND / 4];
} __attribute__((may_alias)) isere_words_t;

static inline void isere_words_copy_rounds(isere_word_t *to,
                                           const isere_word_t *from,
                                           size_t rounds)
{
    isere_words_t *t = (isere_words_t *)to;
    const isere_words_t *f = (const isere_words_t *)from;
    for (rounds *= 4; rounds > 0; rounds--) {
        *t++ = *f++;
        ISERE_WORDS_NO_CALL;
    }
}

static inline void isere_words_clear_rounds(isere_word_t *to, size_t rounds)
{
    const isere_words_t zero = {{0}};
    isere_words_t *t = (isere_words_t *)to;
    for (rounds *= 4; rounds > 0; rounds--) {
        *t++ = zero;
        ISERE_WORDS_NO_CALL;
    }
}
#endif

static inline void isere_words_copy(isere_word_t *to, const isere_word_t *from,
                                    size_t count)
{
    if (sizeof(*to) > 4) {
        memcpy(to, from, count * sizeof(*to));
        return;
    }
    size_t rounds = count / ISERE_WORDS_ROUND;
    size_t done = rounds * ISERE_WORDS_ROUND;
    if (rounds > 0) {
        isere_words_copy_rounds(to, from, rounds);
    }
    for (; done < count; done++) {
        to[done] = from[done];
        ISERE_WORDS_NO_CALL;
    }
}

static inline void isere_words_clear(isere_word_t *to, size_t count)
{
    if (sizeof(*to) > 4) {
        memset(to, 0, count * sizeof(*to));
        return;
    }
    size_t rounds = count / ISERE_WORDS_ROUND;
    size_t done = rounds * ISERE_WORDS_ROUND;
    if (rounds > 0) {
        isere_words_clear_rounds(to, rounds);
    }
    for (; done < count; done++) {
        to[done] = 0;
        ISERE_WORDS_NO_CALL;
    }
}

#endif
