/*
 * Builds the table: a trie over the segments of all routes, in one block. Its
 * size is not known before it is built, so the block has room for a trie in
 * which no two routes share anything, and is shrunk at the end.
 */
#include "core/route/route_internal.h"

/* Where a new trie stands. */
typedef struct builder {
    isere_routes_t *routes;
    uint32_t entry;
    uint32_t probes; /* nobody asks for them here */
} builder_t;

/* The path of a canonical route: behind the space. Empty for $default. */
static isere_slice_t path_of(const char *text)
{
    const char *space = strchr(text, ' ');
    return isere_slice(space ? space + 1 : NULL);
}

/* Spreads parents and hashes over the slots (MurmurHash3's last step). */
static uint32_t mix(uint32_t parent, uint32_t hash)
{
    uint32_t x = hash ^ (parent * 0x9e3779b1u);
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    return x ^ (x >> 16);
}

/* What the segment of a node says. */
static isere_slice_t literal_of(const isere_routes_t *routes,
                                const isere__route_node_t *node)
{
    return isere_slice_of(routes->entries[node->entry].text + node->at,
                          node->len);
}

uint32_t isere__route_slot(const isere_routes_t *routes, uint32_t parent,
                           isere_slice_t segment, uint32_t hash,
                           uint32_t *probes)
{
    /* Linear probing. It ends, since more than half of the slots are free,
     * and with that it takes 2.5 looks on average where there is no such
     * child (Knuth, TAOCP 6.4). */
    uint32_t slot = mix(parent, hash) & (routes->nslots - 1);
    for (;; slot = (slot + 1) & (routes->nslots - 1)) {
        const isere__route_node_t *node = &routes->nodes[routes->slots[slot]];
        ++*probes;
        if (routes->slots[slot] == 0 ||
            (node->parent == parent &&
             isere__route_same(literal_of(routes, node), segment))) {
            return slot;
        }
    }
}

/* `at` and `len` fit in a byte: a route has at most 255 characters. */
static uint32_t add_node(const builder_t *b, uint32_t parent,
                         isere_slice_t segment)
{
    const char *text = b->routes->entries[b->entry].text;
    isere__route_node_t node = {
        .parent = parent,
        .first = ISERE_ROUTE_NONE,
        .entry = b->entry,
        .at = (uint8_t)(segment.len > 0 ? segment.ptr - text : 0),
        .len = (uint8_t)segment.len,
    };
    b->routes->nodes[b->routes->nnodes] = node;
    return b->routes->nnodes++;
}

/* The child of a node by a segment; made when there is none. */
static uint32_t descend(builder_t *b, uint32_t parent, isere_slice_t segment)
{
    isere_routes_t *routes = b->routes;
    isere_slice_t name;
    isere__route_kind_t kind = isere__route_kind(segment, &name);
    uint32_t *child;
    if (kind == ISERE_ROUTE_LITERAL) {
        uint32_t hash = isere__route_hash(segment);
        child = &routes->slots[isere__route_slot(routes, parent, segment, hash,
                                                 &b->probes)];
    } else if (kind == ISERE_ROUTE_PARAMETER) {
        child = &routes->nodes[parent].parameter;
    } else {
        child = &routes->nodes[parent].greedy;
    }
    if (*child == 0) {
        *child = add_node(b, parent, segment);
    }
    return *child;
}

/* The entry of the same path with the same method, or none. */
static uint32_t find_twin(const isere_routes_t *routes, uint32_t first,
                          const isere__route_entry_t *entry)
{
    /* The space behind both methods is compared too. */
    while (first != ISERE_ROUTE_NONE &&
           strncmp(routes->entries[first].text, entry->text,
                   (size_t)entry->method_len + 1) != 0) {
        first = routes->entries[first].next;
    }
    return first;
}

/* Adds a route; the entry that it is in conflict with, or none. */
static uint32_t add_route(builder_t *b, const isere_route_claim_t *claim)
{
    isere_routes_t *routes = b->routes;
    isere__route_entry_t *entry = &routes->entries[b->entry];
    isere_slice_t rest = path_of(claim->text);
    isere_slice_t segment;
    uint32_t node = 0;
    uint32_t *first = &routes->fallback;
    /* Borrowed: the catalog that claims it lives as long as the table. */
    entry->text = claim->text;
    entry->owner = claim->owner;
    entry->method_len = 0; /* of $default */
    if (rest.len > 0) {
        entry->method_len = (uint8_t)(rest.ptr - claim->text - 1);
        while (isere__route_next(&rest, &segment)) {
            node = descend(b, node, segment);
        }
        first = &routes->nodes[node].first;
    }
    /* Before it is linked, or it would find itself. */
    uint32_t twin = find_twin(routes, *first, entry);
    entry->next = *first;
    *first = b->entry;
    return twin;
}

/* What all routes have at most. */
typedef struct sizes {
    uint64_t nodes;
    uint64_t literals;
} sizes_t;

static sizes_t measure(const isere_route_claim_t *claims, size_t count)
{
    sizes_t sizes = {.nodes = 1, .literals = 0};
    for (size_t i = 0; i < count; i++) {
        isere_slice_t rest = path_of(claims[i].text);
        isere_slice_t segment;
        isere_slice_t name;
        while (isere__route_next(&rest, &segment)) {
            sizes.nodes++;
            sizes.literals +=
                isere__route_kind(segment, &name) == ISERE_ROUTE_LITERAL;
        }
    }
    return sizes;
}

/* Bytes of the block; the nodes are at its end. */
static uint64_t block_size(uint64_t nentries, uint64_t nslots, uint64_t nnodes)
{
    return sizeof(isere_routes_t) + nentries * sizeof(isere__route_entry_t) +
           nslots * sizeof(uint32_t) + nnodes * sizeof(isere__route_node_t);
}

/* Finds the parts of the block, wherever it is. */
static void lay_out(isere_routes_t *routes)
{
    routes->entries = (isere__route_entry_t *)(routes + 1);
    routes->slots = (uint32_t *)(routes->entries + routes->nentries);
    routes->nodes = (isere__route_node_t *)(routes->slots + routes->nslots);
}

/* A table without routes, with room for `count`. */
static isere_routes_t *allocate(const isere_port_t *port, size_t count,
                                sizes_t sizes)
{
    /* A power of two, so that a mask does for a division; and never 0, as a
     * table without literals is asked, too. */
    uint64_t nslots = 2;
    while (nslots <= 2 * sizes.literals) {
        nslots *= 2;
    }
    uint64_t size = block_size(count, nslots, sizes.nodes);
    if (size > UINT32_MAX) { /* so all numbers below fit in 32 bits */
        return NULL;
    }
    isere_routes_t *routes = isere_alloc(port, (size_t)size);
    if (!routes) {
        return NULL;
    }
    memset(routes, 0, (size_t)size);
    routes->resize = port->resize;
    routes->ctx = port->ctx;
    routes->nentries = (uint32_t)count;
    routes->nslots = (uint32_t)nslots;
    routes->nnodes = 1; /* the root */
    routes->fallback = ISERE_ROUTE_NONE;
    lay_out(routes);
    routes->nodes[0].first = ISERE_ROUTE_NONE;
    return routes;
}

/* Gives back what the trie did not need. It stays as it is if that fails. */
static isere_routes_t *cut(isere_routes_t *routes, uint64_t room)
{
    if (routes->nnodes == room) {
        return routes;
    }
    uint64_t size =
        block_size(routes->nentries, routes->nslots, routes->nnodes);
    /* It may move. That is all right here: the pointers into it are made
     * anew, and nobody else has one yet. */
    isere_routes_t *smaller = routes->resize(routes->ctx, routes, (size_t)size);
    if (!smaller) {
        return routes;
    }
    lay_out(smaller);
    return smaller;
}

int isere_routes_create(const isere_port_t *port,
                        const isere_route_claim_t *claims, size_t count,
                        isere_routes_t **routes, size_t conflict[2])
{
    sizes_t sizes = measure(claims, count);
    builder_t b = {.routes = allocate(port, count, sizes)};
    if (!b.routes) {
        return ISERE_ERR_NOMEM;
    }
    for (; b.entry < count; b.entry++) {
        uint32_t twin = add_route(&b, &claims[b.entry]);
        if (twin != ISERE_ROUTE_NONE) {
            conflict[0] = twin;
            conflict[1] = b.entry;
            isere_routes_destroy(b.routes);
            return ISERE_ERR_INUSE;
        }
    }
    *routes = cut(b.routes, sizes.nodes);
    return 0;
}

void isere_routes_destroy(isere_routes_t *routes)
{
    if (routes) {
        routes->resize(routes->ctx, routes, 0);
    }
}
