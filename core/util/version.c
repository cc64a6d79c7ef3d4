/* The version, which the build puts into isere/version.h. */
#include "isere/version.h" /* generated: ISERE_VERSION */
#include "isere/isere.h"

const char *isere_version(void)
{
    return ISERE_VERSION;
}
