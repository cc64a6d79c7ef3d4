/* Writes js/node and the packages it needs, which the build puts into the
 * program, into a folder of their own, and removes it. */
#include "apps/isere/node/node_files.h"
#include "isere/node_code.h"
#include "isere/port.h"
#include "ports/linux/out.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a folder of that name esbuild takes code for that of packages, which does
 * not change and gets no warnings. */
#define INSIDE "/node_modules/"

static int write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, data, size);
    int saved = n < 0 ? errno : ENOSPC;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return n == (ssize_t)size ? 0 : ISERE_ERR_IO;
}

/* The path with all folders that lead to it. */
static int make_folders(char *path, size_t from)
{
    for (char *at = strchr(path + from, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return ISERE_ERR_IO;
        }
        *at = '/';
    }
    return 0;
}

static int write_all(const char *folder)
{
    for (size_t i = 0; i < sizeof(node_code) / sizeof(node_code[0]); i++) {
        char path[ISERE_NODE_FILES_MAX + 128];
        snprintf(path, sizeof(path), "%s" INSIDE "%s", folder,
                 node_code[i].name);
        if (make_folders(path, strlen(folder) + 1) != 0 ||
            write_file(path, node_code[i].data, node_code[i].size) != 0) {
            return ISERE_ERR_IO;
        }
    }
    return 0;
}

int isere_node_files_write(char folder[ISERE_NODE_FILES_MAX])
{
    const char *below = getenv("TMPDIR");
    int n = snprintf(folder, ISERE_NODE_FILES_MAX, "%s/isere-XXXXXX",
                     below && *below == '/' ? below : "/tmp");
    if (n >= ISERE_NODE_FILES_MAX) {
        errno = ENAMETOOLONG;
        return ISERE_ERR_IO;
    }
    if (!mkdtemp(folder)) {
        return ISERE_ERR_IO;
    }
    if (write_all(folder) != 0) {
        int saved = errno;
        isere_node_files_remove(folder);
        errno = saved;
        return ISERE_ERR_IO;
    }
    return 0;
}

int isere_node_files_add_missing(const char *folder, const char *name,
                                 int is_module, const char *message, char *path)
{
    isere_out_t out;
    int n = snprintf(path, ISERE_NODE_FILES_MAX, "%s" INSIDE "isere/lib/%s-",
                     folder, is_module ? "missing" : "absent");
    int error;
    for (const char *c = name; *c && n < ISERE_NODE_FILES_MAX - 4; c++) {
        path[n++] = *c == '/' || *c == ':' ? '_' : *c;
    }
    snprintf(path + n, (size_t)(ISERE_NODE_FILES_MAX - n), ".js");
    isere_out_memory(&out);
    isere_out_text(&out, "const missing = require('./missing.js')\n");
    if (is_module) {
        isere_out_text(&out, "module.exports = missing.module(");
        isere_out_json(&out, isere_slice(name));
        isere_out_text(&out, ", ");
    } else {
        isere_out_text(&out, "missing.absent(");
    }
    isere_out_json(&out, isere_slice(message));
    isere_out_text(&out, ")\n");
    error = out.failed ? ISERE_ERR_IO : write_file(path, out.buffer, out.used);
    free(out.buffer);
    return error;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void isere_node_files_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Where the path begins that leads to `at`: behind a quote, or "// " at the
 * beginning of a line. */
static char *path_begin(char *text, char *at)
{
    while (at > text && at[-1] != '"' && at[-1] != '\n' &&
           !(at - text >= 3 && strncmp(at - 3, "// ", 3) == 0)) {
        at--;
    }
    return at;
}

size_t isere_node_files_rename(const char *folder, char *text, size_t size)
{
    char name[64];
    char *from = text, *to = text, *at;
    size_t len = (size_t)snprintf(name, sizeof(name), "%s" INSIDE,
                                  strrchr(folder, '/') + 1);
    while ((at = memmem(from, (size_t)(text + size - from), name, len))) {
        char *begin = path_begin(from, at);
        memmove(to, from, (size_t)(begin - from));
        to += begin - from;
        memcpy(to, "node:", 5);
        to += 5;
        from = at + len;
    }
    memmove(to, from, (size_t)(text + size - from));
    to += text + size - from;
    *to = '\0';
    return (size_t)(to - text);
}
