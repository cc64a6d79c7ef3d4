/* Makes a policy for requests from other origins of the options --cors-*. */
#include "apps/isere/args/args_cors.h"
#include "core/util/cors.h"
#include <stdio.h>

_Static_assert(sizeof(((isere_args_cors_t *)NULL)->policy) == ISERE_CORS_MAX,
               "room for every policy");

static const char *const options[ISERE_CORS_PARTS] = {
    "cors-origin", "cors-method",      "cors-header",
    "cors-expose", "cors-credentials", "cors-max-age",
};

/* Each value may itself be a list, as "GET, PUT". */
static void put_items(isere_writer_t *text, const isere_args_list_t *list,
                      const char *separator)
{
    const char *before = "";
    for (size_t i = 0; i < list->count; i++) {
        for (const char *p = list->items[i]; *p;) {
            size_t len = strcspn(p, ", ");
            if (len > 0) {
                isere_writer_puts(text, before);
                isere_writer_put(text, isere_slice_of(p, len));
                before = separator;
            }
            p += len + (p[len] != '\0');
        }
    }
}

static bool is_any_given(const isere_args_t *args)
{
    for (int i = 0; i < ISERE_CORS_PARTS; i++) {
        if (isere_args_given(args, options[i])) {
            return true;
        }
    }
    return false;
}

bool isere_args_cors_make(isere_args_t *args, char *problem, size_t size)
{
    isere_args_cors_t *cors = &args->cors;
    isere_writer_t text =
        isere_writer_begin(cors->policy, sizeof(cors->policy) - 1);
    isere_cors_part_t part = ISERE_CORS_ORIGINS;
    if (!is_any_given(args)) {
        return true;
    }
    if (cors->origins.count == 0) {
        snprintf(problem, size, "--cors-origin must be given, too");
        return false;
    }
    put_items(&text, &cors->origins, " ");
    isere_writer_puts(&text, "\n");
    put_items(&text, &cors->methods, ", ");
    isere_writer_puts(&text, "\n");
    put_items(&text, &cors->headers, ", ");
    isere_writer_puts(&text, "\n");
    put_items(&text, &cors->expose, ", ");
    isere_writer_puts(&text, cors->credentials ? "\ntrue\n" : "\n\n");
    if (cors->max_age > 0) {
        isere_writer_number(&text, cors->max_age / 1000);
    }
    cors->policy[text.len] = '\0';
    const char *wrong =
        text.full
            ? "is too long, all options together"
            : isere_cors_problem(isere_slice_of(cors->policy, text.len), &part);
    if (wrong) {
        snprintf(problem, size, "--%s %s", options[part], wrong);
    }
    return !wrong;
}
