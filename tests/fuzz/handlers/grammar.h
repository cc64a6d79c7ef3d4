/*
 * The grammar that handlers are made from: rules of JavaScript text, read by
 * generate.c.
 *
 * A rule has a name of lower-case letters and either alternatives or words. In
 * an alternative `@name` stands for that rule; everything else is text. The
 * first alternative is the one that is taken when the input's bytes or the
 * depth end, so it must lead to an end by itself; handlers_grammar_check sees
 * to that. An alternative that begins with `~` is left out where values are
 * compared with those of another engine: what it gives is not determined, or
 * isn't the same there by design. Words are separated by spaces.
 */
#ifndef ISERE_TESTS_FUZZ_GRAMMAR_H
#define ISERE_TESTS_FUZZ_GRAMMAR_H

#include <stddef.h>

typedef struct handlers_rule {
    const char *name;
    const char *words;               /* or NULL */
    const char *const *alternatives; /* ends with NULL; or NULL */
} handlers_rule_t;

extern const handlers_rule_t handlers_grammar[];
extern const size_t handlers_grammar_size;

/* Text before the statements of a program, with rules in it; and what comes
 * before that where values are compared, and where they aren't. */
extern const char *const handlers_variables[];
extern const char handlers_prelude[];

#endif
