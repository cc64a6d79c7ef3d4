/* Reads lines of files of environment variables, as docker and Node have them:
 * NAME=VALUE, with quotes around the value or not, and comments. */
#include "apps/isere/args/env_file.h"
#include <stdbool.h>
#include <string.h>

static char *skip_blanks(char *at)
{
    return at + strspn(at, " \t\r\n");
}

static void trim_end(char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[len - 1])) {
        len--;
    }
    text[len] = '\0';
}

/* A # begins a comment where a word could begin, so that colours and anchors of
 * URLs need no quotes. */
static void cut_comment(char *value)
{
    for (char *at = value; (at = strchr(at, '#')); at++) {
        if (at == value || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            return;
        }
    }
}

/* Takes the quotes off. False when something else than a comment follows, or
 * the last one is missing: lines can't be joined. */
static bool unquote(char *value)
{
    char *end = strchr(value + 1, *value);
    char *rest = end ? skip_blanks(end + 1) : value;
    if (!end || (*rest != '\0' && *rest != '#')) {
        return false;
    }
    *end = '\0';
    memmove(value, value + 1, (size_t)(end - value));
    return true;
}

char *isere_env_file_entry(char *line)
{
    char *entry = skip_blanks(line), *equals, *value;
    size_t name;
    if (*entry == '\0' || *entry == '#') {
        *entry = '\0';
        return entry;
    }
    if (strncmp(entry, "export", 6) == 0 && entry[6] &&
        strchr(" \t", entry[6])) {
        entry = skip_blanks(entry + 6);
    }
    equals = strchr(entry, '=');
    if (!equals) {
        return NULL;
    }
    value = skip_blanks(equals + 1);
    if (*value == '"' || *value == '\'') {
        if (!unquote(value)) {
            return NULL;
        }
    } else {
        cut_comment(value);
        trim_end(value, strlen(value));
    }
    /* The name, its = and the value moved together. */
    trim_end(entry, (size_t)(equals - entry));
    name = strlen(entry);
    entry[name] = '=';
    memmove(entry + name + 1, value, strlen(value) + 1);
    return entry;
}
