/* Looks up the fields and the path of a parsed request. */
#include "core/http/request.h"
#include "core/http/chars.h"

/* A walk: there are at most ISERE_MAX_FIELDS, and most lookups compare only a
 * first letter with each. */
isere_slice_t isere_http_field(const isere_http_request_t *request,
                               const char *name)
{
    for (unsigned i = 0; i < request->nfields; i++) {
        const isere_http_field_t *field = &request->fields[i];
        if (isere_http_equals(isere_http_slice(request, field->name), name)) {
            return isere_http_slice(request, field->value);
        }
    }
    return isere_slice_of(NULL, 0);
}

isere_slice_t isere_http_path(const isere_http_request_t *request)
{
    if (request->path.len == 0) {
        return isere_slice("/");
    }
    return isere_http_slice(request, request->path);
}
