/*
 * What the files of core/route share: paths and their segments, and the table.
 */
#ifndef ISERE_CORE_ROUTE_ROUTE_INTERNAL_H
#define ISERE_CORE_ROUTE_ROUTE_INTERNAL_H

#include "core/route/route.h"

#define ISERE_ROUTE_DEFAULT "$default"

/* Kinds of segments, the most specific first. */
typedef enum isere__route_kind {
    ISERE_ROUTE_LITERAL,
    ISERE_ROUTE_PARAMETER, /* {name} */
    ISERE_ROUTE_GREEDY,    /* {name+} */
} isere__route_kind_t;

/*
 * Takes the next segment off `rest`, which is empty or begins with '/'. False
 * when there is none: a '/' alone, the root or a trailing slash, is none.
 */
bool isere__route_next(isere_slice_t *rest, isere_slice_t *segment);

/* What a segment of a checked route is; *name is a parameter's name. */
isere__route_kind_t isere__route_kind(isere_slice_t segment,
                                      isere_slice_t *name);

/* Takes one byte off `text`, which is not empty; %XX is the byte that it
 * stands for. An invalid escape is taken as it is, like anywhere else. */
unsigned char isere__route_byte(isere_slice_t *text);

/* Whether two segments are the same bytes when decoded, and a hash of them. */
bool isere__route_same(isere_slice_t a, isere_slice_t b);
uint32_t isere__route_hash(isere_slice_t segment);

/* No entry. */
#define ISERE_ROUTE_NONE UINT32_MAX

/* A route. */
typedef struct isere__route_entry {
    const char *text;
    void *owner;
    uint32_t next;      /* entry with the same path and another method */
    uint8_t method_len; /* at the start of the text */
} isere__route_entry_t;

/*
 * A node of the trie: what routes begin with. Nodes are known by their index;
 * 0, the root, is nobody's child, and stands for none. Literal children are in
 * the hash table. What a literal says is read where a route says it.
 */
typedef struct isere__route_node {
    uint32_t parent;
    uint32_t parameter; /* the child for {name} */
    uint32_t greedy;    /* the child for {name+} */
    uint32_t first;     /* entry of the routes that end here */
    uint32_t entry;     /* in the text of this one */
    uint8_t at;         /* ... the segment begins here */
    uint8_t len;
} isere__route_node_t;

/* The table: one block with this at its start. */
struct isere_routes {
    void *(*resize)(void *ctx, void *ptr, size_t size);
    void *ctx;
    isere__route_entry_t *entries; /* by the claims' indices */
    uint32_t *slots;               /* nodes by parent and literal, 0: free */
    isere__route_node_t *nodes;
    uint32_t nentries;
    uint32_t nslots; /* a power of two, more than the half of them free */
    uint32_t nnodes;
    uint32_t fallback; /* the entry of $default */
};

/*
 * The slot of a node's child by a literal, or the free slot where it would
 * be. `hash` is the segment's. Adds the slots looked at to *probes.
 */
uint32_t isere__route_slot(const isere_routes_t *routes, uint32_t parent,
                           isere_slice_t segment, uint32_t hash,
                           uint32_t *probes);

/* What a match cost. */
typedef struct isere__route_cost {
    uint32_t nodes;  /* visited */
    uint32_t probes; /* slots of the hash table looked at */
} isere__route_cost_t;

/* isere_routes_match, with its cost. */
int isere_routes__match(const isere_routes_t *routes, isere_slice_t method,
                        isere_slice_t path, isere_route_match_t *match,
                        isere__route_cost_t *cost);

#endif
