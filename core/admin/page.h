/* The dashboard: one page, compressed with gzip. */
#ifndef ISERE_CORE_ADMIN_PAGE_H
#define ISERE_CORE_ADMIN_PAGE_H

#include "isere/slice.h"

typedef struct isere_page {
    isere_slice_t bytes;
    isere_slice_t policy; /* of the Content-Security-Policy field */
    isere_slice_t tag;    /* of the ETag field, with its quotes */
} isere_page_t;

extern const isere_page_t isere_page;

#endif
