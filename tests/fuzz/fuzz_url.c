/*
 * URL parser and setters. The first byte says what is done with the second
 * half of the rest (split at the first NUL): parsed with the first half as its
 * base, or given to a setter.
 *
 * Checked: a serialisation is ASCII, its offsets are in order, parsing it
 * again gives the same; memory stays linear in the input.
 */
#include "core/web/url/url_params.h"
#include "core/web/url/url_parser.h"
#include <stdint.h>
#include <stdlib.h>

typedef struct budget {
    size_t largest; /* block asked for */
} budget_t;

static void *resize(void *ctx, void *ptr, size_t size)
{
    budget_t *budget = ctx;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (size > budget->largest) {
        budget->largest = size;
    }
    return realloc(ptr, size);
}

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const isere_url_memory_t *memory, const isere_url_t *url)
{
    isere_url_t again;
    for (size_t i = 0; i < url->len; i++) {
        require(url->href[i] >= ' ' && url->href[i] <= '~');
    }
    require(url->scheme_end <= url->username_end);
    require(url->username_end <= url->host_start);
    require(url->host_start <= url->host_end);
    require(url->host_end <= url->path_start);
    require(url->path_start <= url->query_start);
    require(url->query_start <= url->fragment_start);
    require(url->fragment_start <= url->len);
    require(isere__url_parse(memory, isere__url_href(url), NULL, &again) == 0);
    require(again.len == url->len);
    require(memcmp(again.href, url->href, url->len) == 0);
    require(memcmp(&again.len, &url->len,
                   sizeof(*url) - offsetof(isere_url_t, len)) == 0);
    isere__url_free(memory, &again);
}

/* A list of pairs, sorted and serialised, gives the same list again. */
static void check_params(const isere_url_memory_t *memory, isere_slice_t text)
{
    isere_url_params_t list = {.pairs = NULL};
    isere_url_params_t again = {.pairs = NULL};
    isere_slice_t query;
    char *form;
    require(isere__url_params_parse(memory, &list, text) == 0);
    require(isere__url_params_sort(memory, &list) == 0);
    require(isere__url_params_serialise(memory, &list, &form, &query.len) == 0);
    query.ptr = form;
    require(isere__url_params_parse(memory, &again, query) == 0);
    require(again.count == list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        require(list.pairs[i].name_len == again.pairs[i].name_len);
        require(list.pairs[i].value_len == again.pairs[i].value_len);
        require(memcmp(list.pairs[i].text, again.pairs[i].text,
                       list.pairs[i].name_len + list.pairs[i].value_len) == 0);
    }
    free(form);
    isere__url_params_clear(memory, &list);
    isere__url_params_clear(memory, &again);
}

static int (*const setters[])(const isere_url_memory_t *, isere_url_t *,
                              isere_slice_t) = {
    isere__url_set_protocol, isere__url_set_username, isere__url_set_password,
    isere__url_set_host,     isere__url_set_hostname, isere__url_set_port,
    isere__url_set_pathname, isere__url_set_search,   isere__url_set_hash,
};
#define SETTERS (sizeof(setters) / sizeof(setters[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = {0};
    isere_url_memory_t memory = {resize, &budget};
    isere_url_t first;
    isere_url_t second;
    if (size < 2) {
        return 0;
    }
    const uint8_t *text = data + 1;
    const uint8_t *nul = memchr(text, 0, size - 1);
    size_t split = nul ? (size_t)(nul - text) : size - 1;
    isere_slice_t a = isere_slice_of(text, split);
    isere_slice_t b = nul ? isere_slice_of(nul + 1, size - 2 - split)
                          : isere_slice_of(text, 0);
    check_params(&memory, a);
    budget.largest = 0;
    int error = isere__url_parse(&memory, a, NULL, &first);
    require(error == 0 || error == ISERE_ERR_INVAL);
    if (error == 0) {
        check(&memory, &first);
        unsigned what = data[0] % (SETTERS + 1);
        if (what < SETTERS) {
            require(setters[what](&memory, &first, b) == 0);
            check(&memory, &first);
        } else if (isere__url_parse(&memory, b, &first, &second) == 0) {
            check(&memory, &second);
            isere__url_free(&memory, &second);
        }
        isere__url_free(&memory, &first);
    }
    require(budget.largest <= 6 * size + 64);
    return 0;
}
