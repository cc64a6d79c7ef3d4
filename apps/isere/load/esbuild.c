/* Finds esbuild, runs it for a module, and takes its result apart: the bundle
 * and, from the source map behind it, the names of the files in it. */
#include "apps/isere/load/esbuild.h"
#include "apps/isere/load/child.h"
#include "apps/isere/load/esbuild_error.h"
#include "apps/isere/map/map_kept.h"
#include "apps/isere/node/node_files.h"
#include "apps/isere/node/node_names.h"
#include "apps/isere/node/node_need.h"
#include "core/util/encode/base64.h"
#include "core/util/json_check.h"
#include "core/util/json_read.h"
#include "core/util/utf8.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GET "run `npm install --save-dev esbuild` in the project"

/* A bundle with its source map, in base64. */
#define OUTPUT_MAX (4 * ISERE_FILES_MAX_SIZE)

/* ---- whether ---- */

static const char *extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot : "";
}

static bool is_typescript(const char *name)
{
    const char *dot = extension(name);
    return strcmp(dot, ".ts") == 0 || strcmp(dot, ".tsx") == 0 ||
           strcmp(dot, ".mts") == 0 || strcmp(dot, ".cts") == 0;
}

static bool is_jsx(const char *name)
{
    return strcmp(extension(name), ".jsx") == 0;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len) {
        if ((at == text || !is_name_char(at[-1])) && !is_name_char(at[len])) {
            return true;
        }
    }
    return false;
}

bool isere_esbuild_is_needed(const isere_files_t *files)
{
    return !files->is_bundle &&
           (is_typescript(files->main_name) || is_jsx(files->main_name));
}

/* A module without `export` has no handler, so a comment with that word costs
 * nothing but the better message. */
bool isere_esbuild_is_common_js(const isere_files_t *files)
{
    const char *text = files->main->data;
    return !files->is_bundle && has_word(text, "exports") &&
           !has_word(text, "export") && !has_word(text, "import");
}

bool isere_esbuild_is_for_node(const isere_files_t *files)
{
    int need = 0;
    for (const isere_file_t *f = files->files; f && !files->is_bundle;
         f = f->next) {
        need |= f->data ? isere_node_need(f->data) : 0;
    }
    return need != 0;
}

/* An import attribute, `with { type: 'json' }`: to the engine a syntax error.
 */
static bool is_attribute(const isere_files_t *files, const isere_fault_t *fault)
{
    return strcmp(fault->message, "SyntaxError: expecting ';'") == 0 &&
           has_word(files->main->data, "with") &&
           has_word(files->main->data, "json");
}

bool isere_esbuild_would_help(const isere_files_t *files,
                              const isere_fault_t *fault)
{
    const char *message = fault->message;
    return strstr(message, "only files next to the handler") ||
           strstr(message, "an import needs the extension") ||
           is_typescript(fault->file) || is_jsx(fault->file) ||
           strcmp(extension(fault->file), ".json") == 0 ||
           is_attribute(files, fault);
}

/* ---- which ---- */

static bool is_program(const char *folder, size_t len, const char *rest,
                       char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, folder, rest);
    return n < PATH_MAX && access(path, X_OK) == 0;
}

/* The project's own, from the module's folder upwards. */
static bool find_in_project(const char *root, char path[PATH_MAX])
{
    size_t len = strlen(root);
    for (;;) {
        while (len > 0 && root[len - 1] == '/') {
            len--;
        }
        if (is_program(root, len, "node_modules/.bin/esbuild", path)) {
            return true;
        }
        if (len == 0) {
            return false;
        }
        while (len > 0 && root[len - 1] != '/') {
            len--;
        }
    }
}

/* Only absolute folders: what lies in the current one is not asked for. */
static bool find_in_path(char path[PATH_MAX])
{
    const char *at = getenv("PATH");
    while (at && *at) {
        size_t len = strcspn(at, ":");
        if (*at == '/' && is_program(at, len, "esbuild", path)) {
            return true;
        }
        at += len + (at[len] == ':');
    }
    return false;
}

/* ---- running it ---- */

/* The value of process.env.NODE_ENV in the bundle, as JavaScript. */
static void define_node_env(const char *const *env, char *text, size_t size)
{
    const char *value = "production";
    bool plain = true;
    for (; env && *env; env++) {
        value = strncmp(*env, "NODE_ENV=", 9) == 0 ? *env + 9 : value;
    }
    for (const char *c = value; *c; c++) {
        plain = plain && (is_name_char(*c) || *c == '-');
    }
    snprintf(text, size, "--define:process.env.NODE_ENV=%s%s%s",
             plain ? "\"" : "", plain ? value : "process.env.NODE_ENV",
             plain ? "\"" : "");
}

/* A run of esbuild, and what it is told besides: it is run again when it says
 * what else it needs. */
typedef struct run {
    const isere_files_t *files;
    const char *const *env;
    const char *program;
    char folder[ISERE_NODE_FILES_MAX]; /* with the modules of Node */
    int need;                          /* ISERE_NODE_* that are put in */
    char **arguments;
    size_t count, room;
    bool failed; /* there was no memory for one */
} run_t;

static void add(run_t *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(run_t *run, const char *format, ...)
{
    va_list list;
    /* One more for the NULL at the end. */
    if (run->count + 2 > run->room) {
        size_t room = run->room ? 2 * run->room : 128;
        char **more = realloc(run->arguments, room * sizeof(*more));
        if (!more) {
            run->failed = true;
            return;
        }
        run->arguments = more;
        run->room = room;
    }
    va_start(list, format);
    if (vasprintf(&run->arguments[run->count], format, list) < 0) {
        run->failed = true;
    } else {
        run->arguments[++run->count] = NULL;
    }
    va_end(list);
}

static void add_node_modules(run_t *run)
{
    for (size_t i = 0; i < isere_node_modules_count; i++) {
        const isere_node_module_t *module = &isere_node_modules[i];
        add(run, "--alias:%s=%s/node_modules/%s", module->name, run->folder,
            module->file);
        add(run, "--alias:node:%s=%s/node_modules/%s", module->name,
            run->folder, module->file);
    }
}

/* Paths are relative to the module's folder, in which it runs: so are those in
 * errors and in the source map. */
static void add_arguments(run_t *run)
{
    static const char *const fixed[] = {
        "--define:global=globalThis",
        "--bundle",
        "--format=esm",
        "--platform=browser",
        "--conditions=isere,worker",
        "--target=es2022",
        "--sourcemap=inline",
        "--sources-content=false",
        "--log-level=warning",
        /* Each missing module is read from its error. */
        "--log-limit=0",
        "--color=false",
        /* The modules that C code and isère itself give. */
        "--external:isere:*",
    };
    char define[128];
    add(run, "%s", run->program);
    /* With a name for the output, or a = in the module's would begin one. */
    add(run, "bundle=./%s", run->files->main_name);
    define_node_env(run->env, define, sizeof(define));
    add(run, "%s", define);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        add(run, "%s", fixed[i]);
    }
    add_node_modules(run);
}

/* Each of Node's globals has a file that gives it. */
static void add_globals(run_t *run, int need)
{
    static const char *const names[] = {"buffer", "process", "immediate"};
    for (int i = 0; i < 3; i++) {
        if (need & ~run->need & (1 << i)) {
            add(run, "--inject:%s/node_modules/isere/lib/global_%s.js",
                run->folder, names[i]);
        }
    }
    run->need |= need;
}

/* What a package imports and is not there: it may do without, so that it fails
 * when it is used. */
static void add_missing(void *ctx, isere_slice_t name, const char *message)
{
    run_t *run = ctx;
    const char *instead = isere_node_instead(name);
    char path[ISERE_NODE_FILES_MAX], text[128];
    snprintf(text, sizeof(text), "%.*s", (int)name.len, name.ptr);
    if (isere_node_files_add_missing(run->folder, text, instead != NULL,
                                     instead ? instead : message, path) == 0) {
        add(run, "--alias:%s=%s", text, path);
    }
}

static int run_once(run_t *run, isere_child_t *child)
{
    if (run->failed) {
        errno = ENOMEM;
        return ISERE_ERR_NOMEM;
    }
    return isere_child_run(run->arguments, run->files->root, OUTPUT_MAX, child);
}

/* Runs esbuild until nothing is missing that isère can put in. */
static int run_all(run_t *run, isere_child_t *child)
{
    int error;
    add_arguments(run);
    for (;;) {
        size_t before = run->count;
        error = run_once(run, child);
        if (error != 0) {
            return error;
        }
        if (child->succeeded && child->out.data) {
            add_globals(run, isere_node_need(child->out.data));
        } else if (child->errors.data) {
            isere_esbuild_error_each_missing(child->errors.data, add_missing,
                                             run);
        }
        if (run->count == before) {
            return 0;
        }
        free(child->out.data);
        free(child->errors.data);
        memset(child, 0, sizeof(*child));
    }
}

static void run_end(run_t *run)
{
    for (size_t i = 0; i < run->count; i++) {
        free(run->arguments[i]);
    }
    free(run->arguments);
    isere_node_files_remove(run->folder);
}

/* ---- its result ---- */

static int add_source(isere_files_t *files, const char *string)
{
    char name[PATH_MAX];
    size_t len = 0, n;
    isere_json_text_t text = isere_json_text(string);
    while (len + 4 < sizeof(name) &&
           (n = isere_json_text_next(&text, name + len,
                                     sizeof(name) - len - 1)) > 0) {
        len += n;
    }
    name[len] = '\0';
    /* Packages do not change while somebody works; they have many files. */
    return strstr(name, "node_modules/") || strncmp(name, "node:", 5) == 0
               ? 0
               : isere_files_add_bundled(files, name);
}

/* Adds the "sources" of a source map to the list. */
static int add_sources(isere_files_t *files, isere_slice_t map)
{
    isere_json_each_t member = {0};
    isere_json_error_t wrong;
    if (!isere_utf8_valid(map.ptr, map.len) ||
        !isere_json_check_object(map, &wrong)) {
        return ISERE_ERR_INVAL;
    }
    member.at = isere_json_value(map.ptr);
    while (isere_json_next(&member)) {
        isere_json_each_t item = {.at = member.value};
        if (!isere_json_text_equals(member.name, "\"sources\"") ||
            *member.value != '[') {
            continue;
        }
        while (isere_json_next(&item)) {
            int error = *item.value == '"' ? add_source(files, item.value) : 0;
            if (error != 0) {
                return error;
            }
        }
    }
    return 0;
}

/* The source map is a comment, the last line of the output. */
static char *find_map(const char *code)
{
    static const char begin[] =
        "//# sourceMappingURL=data:application/json;base64,";
    char *found = NULL;
    for (char *at = strstr(code, begin); at; at = strstr(at + 1, begin)) {
        found = at;
    }
    return found;
}

/* Takes the output, whose end is the source map; `folder` has the modules of
 * Node in it. */
static int take_bundle(isere_files_t *files, const char *folder,
                       isere_child_text_t *out)
{
    char *comment = out->data ? find_map(out->data) : NULL;
    char *map = comment ? strchr(comment, ',') + 1 : NULL;
    char *text;
    long size;
    int error;
    if (!map) {
        return ISERE_ERR_INVAL;
    }
    text = malloc(ISERE_BASE64_DECODED(strlen(map)) + 1);
    if (!text) {
        return ISERE_ERR_NOMEM;
    }
    size = isere_base64_decode(map, strlen(map), text);
    *comment = '\0';
    error = isere_files_bundle(
        files, out->data,
        isere_node_files_rename(folder, out->data,
                                (size_t)(comment - out->data)));
    out->data = NULL;
    if (error == 0 && size >= 0) {
        text[size] = '\0';
        size = (long)isere_node_files_rename(folder, text, (size_t)size);
        error = add_sources(files, isere_slice_of(text, (size_t)size));
        isere_map_keep(files->main->name, text);
        text = NULL;
    }
    free(text);
    return size < 0 ? ISERE_ERR_INVAL : error;
}

/* A file that was missing, or is wrong, is one to wait for. */
static void add_faulty(isere_files_t *files, const isere_fault_t *fault)
{
    size_t len = strlen(files->folder);
    if (fault->file[0] && strncmp(fault->file, files->folder, len) == 0) {
        (void)isere_files_add_bundled(files, fault->file + len);
    }
}

int isere_esbuild_run(isere_files_t *files, const char *const *env,
                      isere_fault_t *fault)
{
    char path[PATH_MAX];
    isere_child_t child = {0};
    run_t run = {.files = files, .env = env, .program = path};
    int error;
    if (!find_in_project(files->root, path) && !find_in_path(path)) {
        return ISERE_ERR_NOENT;
    }
    if (isere_node_files_write(run.folder) != 0) {
        snprintf(fault->message, sizeof(fault->message),
                 "cannot write temporary files: %s", strerror(errno));
        return ISERE_ERR_IO;
    }
    error = run_all(&run, &child);
    memset(fault, 0, sizeof(*fault));
    if (error != 0) {
        snprintf(fault->message, sizeof(fault->message),
                 "cannot run %.300s: %s", path, strerror(errno));
    } else if (!child.succeeded) {
        error = ISERE_ERR_INVAL;
        isere_esbuild_error(child.errors.data ? child.errors.data : "",
                            files->folder, fault);
        add_faulty(files, fault);
    } else {
        error = take_bundle(files, run.folder, &child.out);
        if (error == ISERE_ERR_INVAL) {
            snprintf(fault->message, sizeof(fault->message),
                     "%.300s printed no bundle with a source map", path);
        }
    }
    free(child.out.data);
    free(child.errors.data);
    run_end(&run);
    return error == ISERE_ERR_NOENT ? ISERE_ERR_IO : error;
}

/* ---- when there is none ---- */

/* The file that an import without its extension may mean. */
static bool find_meant(const char *root, const char *message, char *found,
                       size_t size)
{
    static const char *const ends[] = {".js", ".mjs", ".ts", "/index.js"};
    const char *from = strchr(message, '\'');
    const char *end = from ? strchr(from + 1, '\'') : NULL;
    char path[PATH_MAX];
    for (size_t i = 0; end && i < sizeof(ends) / sizeof(ends[0]); i++) {
        int len = (int)(end - from - 1);
        int n = snprintf(found, size, "%.*s%s", len, from + 1, ends[i]);
        if (n >= (int)size) {
            continue;
        }
        /* The name is relative to the function's folder, or as typed. */
        snprintf(path, sizeof(path), "%s/%s", root, found);
        if (access(path, F_OK) == 0 || access(found, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

static void append(isere_fault_t *fault, const char *text)
{
    size_t len = strlen(fault->message);
    snprintf(fault->message + len, sizeof(fault->message) - len, "%s", text);
}

void isere_esbuild_missing(const isere_files_t *files, isere_fault_t *fault)
{
    const char *name = files->main_name;
    char text[256], meant[160];
    if (!fault->message[0]) {
        snprintf(fault->file, sizeof(fault->file), "%.60s%.90s", files->folder,
                 name);
        snprintf(
            fault->message, sizeof(fault->message),
            "%s is made JavaScript by esbuild, which is not installed: " GET,
            is_jsx(name) ? "JSX" : "TypeScript");
    } else if (strstr(fault->message, "an import needs the extension")) {
        if (find_meant(files->root, fault->message, meant, sizeof(meant))) {
            snprintf(text, sizeof(text), " (there is %s)", meant);
            append(fault, text);
        }
    } else if (strstr(fault->message, "only files next to the handler")) {
        append(fault, "; packages need esbuild: " GET);
    } else if (is_typescript(fault->file) || is_jsx(fault->file)) {
        append(fault, " (TypeScript and JSX need esbuild: " GET ")");
    } else if (is_attribute(files, fault) ||
               strcmp(extension(fault->file), ".json") == 0) {
        append(fault, " (importing JSON needs esbuild: " GET ")");
    }
}
