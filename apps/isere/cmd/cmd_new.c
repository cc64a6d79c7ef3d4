/* isere new: makes a folder with a function in it, from a template. */
#include "apps/isere/cmd/commands.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of a template in one of its languages. */
typedef struct isere_template_file {
    const char *template_name;
    bool ts;
    const char *name;
    const unsigned char *data;
    size_t size;
} isere_template_file_t;

#include "isere/templates.h"

#define COUNT (sizeof(isere_template_files) / sizeof(*isere_template_files))

/* Fails where there is something of that name: nothing is overwritten. */
static bool write_file(const char *folder, const isere_template_file_t *file)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", folder, file->name);
    FILE *out = NULL;
    bool done;
    errno = ENAMETOOLONG;
    if (len >= 0 && (size_t)len < sizeof(path)) {
        out = fopen(path, "wex");
    }
    done = out && fwrite(file->data, 1, file->size, out) == file->size;
    if (out && fclose(out) != 0) {
        done = false;
    }
    if (!done) {
        fprintf(stderr, "isere: cannot write %s: %s\n", path, strerror(errno));
    }
    return done;
}

/* Says what there is now and what comes next. */
static void tell(const isere_args_t *args, const char *template_name,
                 const char *main_name, bool installs)
{
    printf("%s has a function now, from the template %s: %s\n\n"
           "  cd '%s'\n%s  isere dev\n\n"
           "isere.json says what else it needs: routes, environment, limits.\n",
           args->folder, template_name, main_name, args->folder,
           installs ? "  npm install\n" : "");
}

int isere_cmd_new(const isere_args_t *args)
{
    const char *name = isere_args_templates[args->create.template_index];
    const char *main_name = args->create.ts ? "index.ts" : "index.js";
    bool installs = false;
    if (mkdir(args->folder, 0777) != 0) {
        fprintf(stderr, "isere: cannot make the folder %s: %s\n", args->folder,
                errno == EEXIST ? "there is something of that name already"
                                : strerror(errno));
        return ISERE_EXIT_FAULT;
    }
    for (size_t i = 0; i < COUNT; i++) {
        const isere_template_file_t *file = &isere_template_files[i];
        if (strcmp(file->template_name, name) != 0 ||
            file->ts != args->create.ts) {
            continue;
        }
        if (!write_file(args->folder, file)) {
            return ISERE_EXIT_FAULT;
        }
        installs = installs || strcmp(file->name, "package.json") == 0;
    }
    tell(args, name, main_name, installs);
    return ISERE_EXIT_OK;
}
