/*
 * Which of Node's globals a JavaScript text uses. Pure; any thread.
 */
#ifndef ISERE_APPS_ISERE_NODE_NODE_NEED_H
#define ISERE_APPS_ISERE_NODE_NODE_NEED_H

enum {
    ISERE_NODE_BUFFER = 1,
    ISERE_NODE_PROCESS = 2, /* more of it than env */
    ISERE_NODE_IMMEDIATE = 4,
};

/*
 * The set of what the text uses without asking first whether it is there, as
 * `typeof Buffer` does. A line "// path" begins another module, as in bundles
 * of esbuild. Comments and strings are taken for code: what is found too much
 * costs time, but nothing in the bundle.
 */
int isere_node_need(const char *text);

#endif
