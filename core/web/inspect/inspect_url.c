/* The contents of URL and URLSearchParams objects. */
#include "core/web/inspect/inspect_internal.h"
#include "core/web/url/url.h"

enum { PAIRS_MAX = 100 };

static void put_text(isere_inspect_t *i, isere_slice_t text)
{
    JSValue string = isere__url_new_string(i->ctx, text);
    if (JS_IsException(string)) {
        i->failed = true;
        return;
    }
    isere__inspect_quoted(i, string, false);
    JS_FreeValue(i->ctx, string);
}

/* "'name' => 'value'", as Node shows them; a query may have thousands. */
static void put_pairs(isere_inspect_t *i, isere_inspect_list_t *list,
                      const isere_url_params_t *params)
{
    for (uint32_t n = 0; n < params->count && !isere__inspect_stopped(i); n++) {
        isere__inspect_entry(i, list, 0);
        if (n == PAIRS_MAX) {
            isere__inspect_puts(i, "...");
            return;
        }
        put_text(i, isere__url_params_name(params, n));
        isere__inspect_puts(i, " => ");
        put_text(i, isere__url_params_value(params, n));
    }
}

/* Node shows all parts of a URL; one line of a log has room for the whole,
 * which says the same. */
void isere__inspect_url(isere_inspect_t *i, isere_inspect_list_t *list,
                        JSValueConst object)
{
    const isere_url_object_t *url = isere__url_of(object);
    const isere_url_params_object_t *params =
        isere__url_search_params_of(object);
    if (url) {
        isere__inspect_entry(i, list, 0);
        isere__inspect_puts(i, "href: ");
        put_text(i, isere_slice_of(url->url.href, url->url.len));
    } else if (params) {
        put_pairs(i, list, &params->list);
    }
}
