/* The page of the dashboard, built from dashboard/ by scripts/build-dashboard.
 * */
#include "core/admin/page.h"
#include "isere/dashboard.h"

const isere_page_t isere_page = {
    .bytes = {(const char *)page_bytes, sizeof(page_bytes)},
    .policy = ISERE_SLICE(ISERE_PAGE_POLICY),
    .tag = ISERE_SLICE(ISERE_PAGE_TAG),
};
