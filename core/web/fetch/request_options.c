/* The words that members of Request may have (Fetch section 5.4). On a server
 * they have no effect but are kept. */
#include "core/web/fetch/request.h"
#include <string.h>

typedef struct option {
    const char *what; /* for messages */
    const char *const *words;
} option_t;

static const char *const caches[] = {
    "default",     "no-store",       "reload", "no-cache",
    "force-cache", "only-if-cached", NULL,
};
static const char *const credentials[] = {"omit", "same-origin", "include",
                                          NULL};
static const char *const modes[] = {"same-origin", "no-cors", "cors",
                                    "navigate", NULL};
static const char *const redirects[] = {"follow", "error", "manual", NULL};
static const char *const policies[] = {
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
    NULL,
};
static const char *const priorities[] = {"high", "low", "auto", NULL};

static const option_t options[ISERE_REQUEST_OPTIONS] = {
    [ISERE_REQUEST_CACHE] = {"cache mode", caches},
    [ISERE_REQUEST_CREDENTIALS] = {"credentials mode", credentials},
    [ISERE_REQUEST_MODE] = {"mode", modes},
    [ISERE_REQUEST_REDIRECT] = {"redirect mode", redirects},
    [ISERE_REQUEST_REFERRER_POLICY] = {"referrer policy", policies},
    [ISERE_REQUEST_PRIORITY] = {"priority", priorities},
};

const char *isere__fetch_request_word(isere_request_option_t option,
                                      unsigned number)
{
    return options[option].words[number];
}

int isere__fetch_request_number(JSContext *ctx, isere_request_option_t option,
                                JSValueConst value)
{
    const char *const *words = options[option].words;
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, value);
    int found = -1;
    if (!text) {
        return -1;
    }
    for (int i = 0; words[i] && found < 0; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0) {
            found = i;
        }
    }
    if (found < 0) {
        JS_ThrowTypeError(ctx, "'%.64s' is no %s", text, options[option].what);
    }
    JS_FreeCString(ctx, text);
    return found;
}
