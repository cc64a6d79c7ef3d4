/*
 * A function's files: a folder, as the loader that isere_compile asks for
 * modules, and the list of what was loaded. Thread: one at a time.
 */
#ifndef ISERE_APPS_ISERE_LOAD_FILES_H
#define ISERE_APPS_ISERE_LOAD_FILES_H

#include "isere/isere.h"

/* Longest file that is read. */
#define ISERE_FILES_MAX_SIZE (8u << 20)

/* A file that was read. */
typedef struct isere_file {
    struct isere_file *next;
    char *name; /* as the loader was asked for it */
    char *data; /* followed by a NUL; NULL when it could not be read */
    size_t size;
    bool bundled; /* its code is in the bundle, so it has no data here */
} isere_file_t;

typedef struct isere_files {
    isere_loader_t loader; /* hands out the files of the folder */
    char *folder;          /* as typed, with its '/'; "" for the current */
    char *root;            /* the folder's real path */
    const char *main_name; /* last part of the module's path */
    isere_file_t *files;   /* in no order */
    isere_file_t *main;
    bool is_bundle; /* `main` was made of the files, see esbuild.h */
} isere_files_t;

/*
 * Opens the folder of a main module and reads that. Symbolic links in the
 * folder are followed to files inside it only; the main module itself may be
 * anywhere. Returns 0 or ISERE_ERR_*, with errno set and *files released.
 */
int isere_files_open(isere_files_t *files, const char *path);

/*
 * The list of files as it was, of which none is read: `names` are `size` bytes,
 * each name with its NUL. Returns 0 or ISERE_ERR_NOMEM, with *files released.
 */
int isere_files_name(isere_files_t *files, const char *path, const char *names,
                     size_t size);

/*
 * Puts a bundle, `size` bytes of `code` (taken), in the place of the files that
 * were read; its name is the main module's with ".bundle.js". Returns 0, or
 * ISERE_ERR_NOMEM with `code` released.
 */
int isere_files_bundle(isere_files_t *files, char *code, size_t size);

/* Adds the name of a file that is in the bundle. Returns 0 or
 * ISERE_ERR_NOMEM. */
int isere_files_add_bundled(isere_files_t *files, const char *name);

/* Whether `path` is one of the files that were read, by whatever name. */
bool isere_files_contain(const isere_files_t *files, const char *path);

/* Releases everything the loader handed out. */
void isere_files_close(isere_files_t *files);

/*
 * Reads a whole file, or standard input for "-", into *data (for free(), with
 * a NUL behind it). Returns 0, ISERE_ERR_NOENT, ISERE_ERR_LIMIT (longer than
 * ISERE_FILES_MAX_SIZE), ISERE_ERR_NOMEM or ISERE_ERR_IO, with errno set.
 */
int isere_files_read(const char *path, char **data, size_t *size);

/*
 * Writes a file so that it is there whole or not at all. Returns 0 or
 * ISERE_ERR_IO with errno set.
 */
int isere_files_write(const char *path, const void *data, size_t size);

#endif
