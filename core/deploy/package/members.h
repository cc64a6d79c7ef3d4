/* The members of an object in a package's JSON (core/util/json_read.h). */
#ifndef ISERE_CORE_DEPLOY_PACKAGE_MEMBERS_H
#define ISERE_CORE_DEPLOY_PACKAGE_MEMBERS_H

#include "core/deploy/package/package.h"

enum { ISERE_MEMBERS_MAX = 64 }; /* of one object */

_Static_assert((int)ISERE_MEMBERS_MAX == (int)ISERE_PACKAGE_FILES_MAX &&
                   (int)ISERE_MEMBERS_MAX == (int)ISERE_PACKAGE_ENV_MAX,
               "as many as a package has of each");

/* Where a member stands in the text. */
typedef struct isere_member {
    const char *name;
    const char *value;
} isere_member_t;

/* The members of one object, each name once. */
typedef struct isere_members {
    isere_member_t list[ISERE_MEMBERS_MAX];
    size_t count;
    bool more; /* than fit */
} isere_members_t;

/*
 * Finds them, in the order in which an object has them: that of the text, but
 * names that are array indices come first. Of two with the same name the last
 * value counts, in the place of the first.
 */
void isere__members_find(isere_members_t *m, const char *object);

/* The value of the member with that name, which is a JSON string; or NULL. */
const char *isere__members_value(const isere_members_t *m, const char *quoted);

#endif
