/* Holds the source map of the last bundle, with a lock around it: workers log
 * while --watch makes another bundle. */
#include "apps/isere/map/map_kept.h"
#include "apps/isere/map/source_map.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *kept_map;
static char *kept_name;

void isere_map_keep(const char *name, char *map)
{
    char *copy =
        map && isere_source_map_check(isere_slice(map)) ? strdup(name) : NULL;
    if (!copy) {
        free(map);
        map = NULL;
    }
    pthread_mutex_lock(&lock);
    free(kept_map);
    free(kept_name);
    kept_map = map;
    kept_name = copy;
    pthread_mutex_unlock(&lock);
}

char *isere_map_text(isere_slice_t text)
{
    char *mapped = NULL;
    pthread_mutex_lock(&lock);
    if (kept_map) {
        mapped = isere_source_map_text(kept_map, kept_name, text);
    }
    pthread_mutex_unlock(&lock);
    return mapped;
}
