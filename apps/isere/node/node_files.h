/*
 * The modules of Node as files, in a folder for one run of esbuild: the program
 * has them in it. Thread: any.
 */
#ifndef ISERE_APPS_ISERE_NODE_NODE_FILES_H
#define ISERE_APPS_ISERE_NODE_NODE_FILES_H

#include <stddef.h>

/* Room for the folder's path. */
#define ISERE_NODE_FILES_MAX 512

/* Makes the folder, below TMPDIR or /tmp, and all files. Returns 0 or
 * ISERE_ERR_IO with errno set, and nothing is left. */
int isere_node_files_write(char folder[ISERE_NODE_FILES_MAX]);

/*
 * Adds a module that stands for `name`, which there is not: with `is_module` it
 * can be imported and throws `message` when it is used, else importing it does.
 * `path` gets its path, of at most ISERE_NODE_FILES_MAX bytes. Returns as
 * above.
 */
int isere_node_files_add_missing(const char *folder, const char *name,
                                 int is_module, const char *message,
                                 char *path);

/* Removes the folder with all that is in it. */
void isere_node_files_remove(const char *folder);

/*
 * Replaces the paths of the folder's files in a bundle, or in its source map,
 * by "node:" and what follows: what is built must not depend on the folder's
 * name. Returns the text's new length.
 */
size_t isere_node_files_rename(const char *folder, char *text, size_t size);

#endif
