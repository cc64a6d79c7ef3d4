#include "tests/fuzz/handlers/generate.h"
#include "tests/fuzz/handlers/grammar.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RULES_MAX = 256,
    DEPTH_MAX = 9,
    STATEMENTS_MAX = 24,
    NAME_MAX_LEN = 16,
    /* Statements end here, so that what is open can still be closed. */
    ENOUGH = HANDLERS_PROGRAM_MAX - 8 * 1024,
};

/* A stretch of text, or another rule. */
typedef struct part {
    const char *text;
    size_t len;
    int rule; /* -1: text */
} part_t;

typedef struct alternative {
    part_t *parts;
    size_t nparts;
    bool compared; /* may be taken where values are compared */
} alternative_t;

typedef struct rule {
    alternative_t *alternatives;
    size_t count;
    size_t compared; /* the first ones, which may be taken there */
} rule_t;

static rule_t rules[RULES_MAX];
static alternative_t variables[16];
static size_t nvariables;

static _Noreturn void fail(const char *what, const char *where)
{
    fprintf(stderr, "grammar: %s: %s\n", what, where);
    abort();
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fail("no memory", "");
    }
    return memory;
}

/* ---- reading the grammar ---- */

static int rule_named(const char *name, size_t len)
{
    for (size_t i = 0; i < handlers_grammar_size; i++) {
        const char *other = handlers_grammar[i].name;
        if (strlen(other) == len && memcmp(other, name, len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* One part at the front of [text, end); returns what is behind it. */
static const char *read_part(const char *text, const char *end, part_t *part)
{
    const char *at;
    if (*text != '@') {
        at = memchr(text, '@', (size_t)(end - text));
        *part = (part_t){text, (size_t)((at ? at : end) - text), -1};
        return at ? at : end;
    }
    bool braces = text[1] == '{';
    const char *name = text + (braces ? 2 : 1);
    for (at = name; at < end && *at >= 'a' && *at <= 'z'; at++) {
    }
    *part = (part_t){NULL, 0, rule_named(name, (size_t)(at - name))};
    if (part->rule < 0) {
        fail("no such rule", text);
    }
    return at + (braces ? 1 : 0);
}

static alternative_t read_alternative(const char *text, size_t len)
{
    const char *end = text + len;
    alternative_t a = {allocate(len + 1, sizeof(part_t)), 0, *text != '~'};
    if (!a.compared) {
        text++;
    }
    while (text < end) {
        text = read_part(text, end, &a.parts[a.nparts++]);
    }
    return a;
}

static void read_words(rule_t *rule, const char *words)
{
    rule->alternatives = allocate(strlen(words) + 1, sizeof(alternative_t));
    while (*words) {
        size_t len = strcspn(words, " ");
        rule->alternatives[rule->count++] = read_alternative(words, len);
        words += len + (words[len] ? 1 : 0);
    }
    rule->compared = rule->count;
}

/* Those that may be compared come first: both kinds choose from the front. */
static void read_alternatives(rule_t *rule, const char *const *texts)
{
    size_t n = 0;
    while (texts[n]) {
        n++;
    }
    rule->alternatives = allocate(n, sizeof(alternative_t));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            if ((texts[i][0] == '~') == (pass == 1)) {
                rule->alternatives[rule->count++] =
                    read_alternative(texts[i], strlen(texts[i]));
            }
        }
        if (pass == 0) {
            rule->compared = rule->count;
        }
    }
}

/* How deep the first alternatives lead; they must come to an end. */
static void check_end(int rule, int depth)
{
    if (depth > RULES_MAX) {
        fail("does not end", handlers_grammar[rule].name);
    }
    const alternative_t *a = &rules[rule].alternatives[0];
    for (size_t i = 0; i < a->nparts; i++) {
        if (a->parts[i].rule >= 0) {
            check_end(a->parts[i].rule, depth + 1);
        }
    }
}

void handlers_generate_init(void)
{
    if (handlers_grammar_size > RULES_MAX) {
        fail("too many rules", "");
    }
    for (size_t i = 0; i < handlers_grammar_size; i++) {
        const handlers_rule_t *r = &handlers_grammar[i];
        if (rule_named(r->name, strlen(r->name)) != (int)i) {
            fail("two rules", r->name);
        }
        if (r->words) {
            read_words(&rules[i], r->words);
        } else {
            read_alternatives(&rules[i], r->alternatives);
        }
        if (rules[i].compared == 0 || rules[i].count > 256) {
            fail("wrong number of alternatives", r->name);
        }
    }
    for (size_t i = 0; i < handlers_grammar_size; i++) {
        check_end((int)i, 0);
    }
    for (; handlers_variables[nvariables]; nvariables++) {
        const char *text = handlers_variables[nvariables];
        variables[nvariables] = read_alternative(text, strlen(text));
    }
}

/* ---- making a program ---- */

typedef struct maker {
    const uint8_t *at; /* of the piece */
    const uint8_t *end;
    const uint8_t *rest; /* the pieces behind it */
    const uint8_t *limit;
    bool compared;
    char *text;
    size_t len;
} maker_t;

static void put(maker_t *m, const char *text, size_t len)
{
    if (len <= HANDLERS_PROGRAM_MAX - m->len) {
        memcpy(m->text + m->len, text, len);
        m->len += len;
    }
}

static void put_text(maker_t *m, const char *text)
{
    put(m, text, strlen(text));
}

static void expand(maker_t *m, int rule, int depth);

static void put_parts(maker_t *m, const alternative_t *a, int depth)
{
    for (size_t i = 0; i < a->nparts; i++) {
        if (a->parts[i].rule < 0) {
            put(m, a->parts[i].text, a->parts[i].len);
        } else {
            expand(m, a->parts[i].rule, depth + 1);
        }
    }
}

static void expand(maker_t *m, int rule, int depth)
{
    const rule_t *r = &rules[rule];
    size_t count = m->compared ? r->compared : r->count;
    size_t choice = 0;
    if (m->at < m->end && depth <= DEPTH_MAX && m->len < ENOUGH) {
        choice = *m->at++ % count;
    }
    put_parts(m, &r->alternatives[choice], depth);
}

/* Goes on with the next piece; false when there is none. */
static bool next_piece(maker_t *m)
{
    m->at = m->end = m->rest;
    if (m->rest >= m->limit) {
        return false;
    }
    size_t len = *m->rest++;
    size_t left = (size_t)(m->limit - m->rest);
    m->at = m->rest;
    m->rest += len < left ? len : left;
    m->end = m->rest;
    return true;
}

size_t handlers_generate(const uint8_t *data, size_t size, bool compared,
                         char *text)
{
    int statement = rule_named("s", 1);
    maker_t m = {data, data, data, data + size, compared, text, 0};
    /* Compared programs end before the stack does: engines differ there. */
    put_text(&m, "var L=[],N=0;\nfunction t(){if(++N>");
    put_text(&m, compared ? "100" : "400");
    put_text(&m, ")throw 'end'}\n");
    put_text(&m, handlers_prelude);
    for (size_t i = 0; i < nvariables; i++) {
        next_piece(&m);
        put_parts(&m, &variables[i], 0);
    }
    for (int i = 0; i < STATEMENTS_MAX && next_piece(&m); i++) {
        char mark[32];
        snprintf(mark, sizeof(mark), "try{L[L.length]=%d;", i);
        put_text(&m, compared ? mark : "try{");
        expand(&m, statement, 0);
        put_text(&m, "}catch(e){o(e)}\n");
    }
    put_text(&m, "o(n0);o(s0);o(a0);o(a1);o(o0);o(t0);o(m0);o(e0);o(z0)\n");
    m.text[m.len] = 0;
    return m.len;
}

/* ---- mutation ---- */

unsigned handlers_random(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 16;
}

enum { PIECES_MAX = 64 };

/* Where the pieces begin; the number. */
static size_t find_pieces(const uint8_t *data, size_t size, size_t *begin)
{
    size_t n = 0;
    for (size_t at = 0; at < size && n < PIECES_MAX; at += 1 + data[at]) {
        begin[n++] = at;
    }
    return n;
}

static size_t piece_end(const uint8_t *data, size_t size, size_t begin)
{
    size_t end = begin + 1 + data[begin];
    return end < size ? end : size;
}

/* Replaces [from, to) by `len` bytes. */
static size_t replace(uint8_t *data, size_t size, size_t max_size, size_t from,
                      size_t to, const uint8_t *bytes, size_t len)
{
    size_t behind = size - to;
    if (from + len + behind > max_size) {
        return size;
    }
    memmove(data + from + len, data + to, behind);
    memcpy(data + from, bytes, len);
    return from + len + behind;
}

/* A new piece of random choices. */
static size_t random_piece(uint8_t *piece, unsigned *seed)
{
    size_t len = 8 + handlers_random(seed) % 72;
    piece[0] = (uint8_t)len;
    for (size_t i = 1; i <= len; i++) {
        piece[i] = (uint8_t)handlers_random(seed);
    }
    return 1 + len;
}

size_t handlers_mutate(uint8_t *data, size_t size, size_t max_size,
                       unsigned seed,
                       size_t (*mutate)(uint8_t *, size_t, size_t))
{
    uint8_t piece[512];
    size_t begin[PIECES_MAX];
    size_t n = find_pieces(data, size, begin);
    if (n == 0) {
        /* Those of the variables, and some statements. */
        for (size_t i = nvariables + handlers_random(&seed) % 6; i > 0; i--) {
            size_t len = random_piece(piece, &seed);
            size = replace(data, size, max_size, size, size, piece, len);
        }
        return size;
    }
    size_t from = begin[handlers_random(&seed) % n];
    size_t to = piece_end(data, size, from);
    size_t other = begin[handlers_random(&seed) % n];
    size_t len = piece_end(data, size, other) - other;
    switch (handlers_random(&seed) % 8) {
    case 0: /* a new one behind the last */
        return replace(data, size, max_size, size, size, piece,
                       random_piece(piece, &seed));
    case 1: /* a new one instead */
        return replace(data, size, max_size, from, to, piece,
                       random_piece(piece, &seed));
    case 2: /* without it */
        return replace(data, size, max_size, from, to, piece, 0);
    case 3: /* a copy of another one in front of it */
        memcpy(piece, data + other, len);
        return replace(data, size, max_size, from, from, piece, len);
    default: /* another content */
        memcpy(piece, data + from, to - from);
        len = mutate(piece + 1, to - from - 1, 255);
        piece[0] = (uint8_t)len;
        return replace(data, size, max_size, from, to, piece, 1 + len);
    }
}
