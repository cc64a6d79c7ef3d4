/* Writes the package that `isere deploy` sends: a function's files and settings
 * as JSON (docs/api.md). Also derives a function's name from its path. */
#include "apps/isere/load/package.h"
#include "core/util/cors.h"
#include "core/util/encode/sha256.h"
#include "core/util/names/payload.h"
#include "core/util/utf8.h"
#include "isere/isere.h"
#include <stdio.h>
#include <strings.h>

/* My_Function.v2.js becomes my-function-v2. Other characters are refused,
 * not replaced: --name is better than a name nobody expects. A leading dot
 * begins a name and ends none. */
bool isere_package_name(const char *main_name,
                        char name[ISERE_FUNCTION_NAME_MAX])
{
    const char *dot = strrchr(main_name, '.');
    size_t len =
        dot && dot > main_name ? (size_t)(dot - main_name) : strlen(main_name);
    if (len == 0 || len >= ISERE_FUNCTION_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = main_name[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        } else if (c == '_' || c == '.') {
            c = '-';
        }
        name[i] = c;
    }
    name[len] = '\0';
    return isere_function_name_is_valid(isere_slice_of(name, len));
}

/* index.js says nothing about the function; its folder's name does. */
bool isere_package_is_common(const char *main_name)
{
    static const char *const names[] = {"index", "handler", "main"};
    size_t len = strcspn(main_name, ".");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == len &&
            strncasecmp(main_name, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* The character as it may stand in a name; NUL if it may not. */
static char name_char(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '\0';
}

/* Where the last part of the path that ends at `end` begins. */
static const char *last_part(const char *path, const char *end)
{
    while (end > path && end[-1] != '/') {
        end--;
    }
    return end;
}

/* Folders that many projects have, and whose names say nothing about them. */
static bool is_common_folder(const char *name, size_t len)
{
    static const char *const names[] = {"src", "lib", "dist", "build"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

bool isere_package_folder_name(const char *folder,
                               char name[ISERE_FUNCTION_NAME_MAX])
{
    const char *end = folder + strlen(folder);
    const char *from = last_part(folder, end);
    size_t len = 0;
    /* my-app/src/index.js is my-app. It never goes up to the root. */
    while (from - folder > 1 && is_common_folder(from, (size_t)(end - from))) {
        end = from - 1;
        from = last_part(folder, end);
    }
    for (; from < end && len < ISERE_FUNCTION_NAME_MAX - 1; from++) {
        char c = name_char(*from);
        if (c != '\0') {
            name[len++] = c;
        } else if (len > 0 && name[len - 1] != '-') {
            name[len++] = '-';
        }
    }
    while (len > 0 && name[len - 1] == '-') {
        len--;
    }
    name[len] = '\0';
    return len > 0;
}

void isere_package_source(const char *folder,
                          char source[ISERE_PACKAGE_SOURCE_MAX])
{
    uint8_t sum[ISERE_SHA256_SIZE];
    char hex[2 * ISERE_SHA256_SIZE + 1];
    isere_sha256_of(folder, strlen(folder), sum);
    isere_sha256_hex(sum, hex);
    /* A hash, since paths of the user's machine are nobody's business: it
     * tells one folder from another, and no more. 32 bits of it do for the
     * folders of one function. */
    snprintf(source, ISERE_PACKAGE_SOURCE_MAX, "%.8s", hex);
}

/* isere_out_json would put U+FFFD for what is not UTF-8, and the server
 * would run another program than the one that was checked here. */
static bool is_text(isere_slice_t text)
{
    return isere_utf8_valid(text.ptr, text.len);
}

static void put_name(isere_out_t *out, const char *before, isere_slice_t name)
{
    isere_out_text(out, before);
    isere_out_json(out, name);
    isere_out_text(out, ":");
}

/* The sources, in no particular order. JSON has no way to carry a file that is
 * not UTF-8: its name is returned. */
static const char *put_files(isere_out_t *out, const isere_files_t *files)
{
    const char *before = "{";
    for (const isere_file_t *f = files->files; f; f = f->next) {
        isere_slice_t source = isere_slice_of(f->data, f->size);
        if (!f->data) {
            continue; /* an import that was not found */
        }
        if (!is_text(isere_slice(f->name)) || !is_text(source)) {
            return f->name;
        }
        put_name(out, before, isere_slice(f->name));
        isere_out_json(out, source);
        before = ",";
    }
    isere_out_text(out, "}");
    return NULL;
}

/* None at all leaves the server those of the version before. */
static const char *put_env(isere_out_t *out, const isere_args_t *args)
{
    const char *before = "";
    bool given = args->settings.nenv > 0 || args->settings.no_env;
    isere_out_text(out, given ? ",\"env\":{" : "");
    for (size_t i = 0; i < args->settings.nenv; i++) {
        /* The command line was checked: there is one. */
        const char *equals = strchr(args->settings.env[i], '=');
        if (!is_text(isere_slice(args->settings.env[i]))) {
            return args->settings.env[i];
        }
        put_name(out, before,
                 isere_slice_of(args->settings.env[i],
                                (size_t)(equals - args->settings.env[i])));
        isere_out_json(out, isere_slice(equals + 1));
        before = ",";
    }
    isere_out_text(out, given ? "}" : "");
    return NULL;
}

/* Without --route the server makes the default ones. */
static const char *put_routes(isere_out_t *out, const isere_args_t *args)
{
    const char *before = ",\"routes\":[";
    for (size_t i = 0; i < args->remote.routes.count; i++) {
        if (!is_text(isere_slice(args->remote.routes.items[i]))) {
            return args->remote.routes.items[i];
        }
        isere_out_text(out, before);
        isere_out_json(out, isere_slice(args->remote.routes.items[i]));
        before = ",";
    }
    isere_out_text(out, args->remote.routes.count > 0 ? "]" : "");
    return NULL;
}

static void put_number(isere_out_t *out, const isere_args_t *args,
                       const char *name, uint64_t value)
{
    char text[64];
    if (isere_args_given(args, name)) {
        snprintf(text, sizeof(text), ",\"%s\":%llu", name,
                 (unsigned long long)value);
        isere_out_text(out, text);
    }
}

static void put_cors(isere_out_t *out, const isere_args_t *args)
{
    char json[2 * ISERE_CORS_MAX];
    isere_writer_t text = isere_writer_begin(json, sizeof(json));
    if (args->cors.policy[0]) {
        put_name(out, ",", isere_slice("cors"));
        isere_cors_put_json(&text, args->cors.policy);
        isere_out_bytes(out, json, text.len);
    }
}

/* Options that were not given are not sent: the server has its own defaults,
 * which may be others than ours. */
static void put_settings(isere_out_t *out, const isere_args_t *args)
{
    if (args->handler) {
        put_name(out, ",", isere_slice("handler"));
        isere_out_json(out, isere_slice(args->handler));
    }
    put_number(out, args, "memory", args->settings.memory);
    put_number(out, args, "timeout", args->settings.timeout);
    if (isere_args_given(args, "payload")) {
        put_name(out, ",", isere_slice("payload"));
        isere_out_json(
            out, isere_slice(isere_payload_names[args->settings.payload]));
    }
}

/* The order of members has no meaning to the server; errors name the text that
 * is not UTF-8. */
const char *isere_package_write(isere_out_t *out, const isere_args_t *args,
                                const isere_files_t *files, const char *source)
{
    const char *wrong;
    put_name(out, "{", isere_slice("main"));
    isere_out_json(out, isere_slice(files->main->name));
    put_name(out, ",", isere_slice("files"));
    wrong = put_files(out, files);
    if (!wrong) {
        wrong = put_routes(out, args);
    }
    if (!wrong) {
        wrong = put_env(out, args);
    }
    put_settings(out, args);
    put_cors(out, args);
    if (source[0]) {
        put_name(out, ",", isere_slice("source"));
        isere_out_json(out, isere_slice(source));
    }
    isere_out_text(out, "}");
    return wrong;
}

size_t isere_package_count(const isere_files_t *files)
{
    size_t count = 0;
    for (const isere_file_t *f = files->files; f; f = f->next) {
        count += f->data != NULL;
    }
    return count;
}
