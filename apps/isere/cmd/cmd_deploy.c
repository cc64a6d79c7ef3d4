/* isere deploy: sends a module and its imports to a server. */
#include "apps/isere/client/remote.h"
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/package.h"
#include "apps/isere/load/program.h"
#include "apps/isere/load/source_fault.h"
#include "core/util/text.h"
#include "core/util/writer.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- what is wrong with the source ---- */

/* The server's numbers may be anything up to 2^53. */
static int bounded(uint64_t number)
{
    return number < 1000000000 ? (int)number : 1000000000;
}

/* A fault that the server found; false when it is about something else. */
static bool print_remote_fault(isere_remote_t *remote,
                               const isere_files_t *files)
{
    isere_reply_t *reply = &remote->reply;
    isere_fault_t fault = {0};
    if (remote->response.status != 400 || !remote->is_object) {
        return false;
    }
    isere_text_copy(fault.file, sizeof(fault.file),
                    isere_reply_text(reply, reply->value, "file"));
    isere_text_copy(fault.message, sizeof(fault.message),
                    isere_reply_text(reply, reply->value, "message"));
    isere_text_copy(fault.stack, sizeof(fault.stack),
                    isere_reply_text(reply, reply->value, "stack"));
    fault.line = bounded(isere_reply_number(reply, reply->value, "line"));
    fault.column = bounded(isere_reply_number(reply, reply->value, "column"));
    /* A 400 without a place is about the request itself: the caller prints
     * that. */
    if (fault.file[0] == '\0' || fault.message[0] == '\0') {
        return false;
    }
    isere_source_fault_print(files, &fault);
    return true;
}

/* ---- deploying ---- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Warns when the deployment replaced what seems to be another function of the
 * same name. The main file's name comes from the server; say escapes it. */
static void tell_replaced(isere_remote_t *remote, const isere_files_t *files,
                          const char *name)
{
    isere_reply_t *reply = &remote->reply;
    JSValueConst old = isere_reply_member(reply, reply->value, "replaced");
    isere_slice_t main_name = isere_reply_text(reply, old, "main");
    unsigned long long version = isere_reply_number(reply, old, "version");
    if (main_name.len == 0) {
        return;
    }
    if (isere_slice_is(main_name, files->main->name)) {
        isere_remote_say("replaces version %llu of '%s', which was deployed "
                         "from another folder (main file %s)",
                         version, name, files->main->name);
    } else {
        isere_remote_say(
            "replaces version %llu of '%s', whose main file was %.*s", version,
            name, (int)main_name.len, main_name.ptr);
    }
}

/* Says which variables the new version has that were not given. */
static void tell_kept(isere_remote_t *remote)
{
    isere_reply_t *reply = &remote->reply;
    JSValueConst names = isere_reply_member(reply, reply->value, "keptEnv");
    char text[512];
    isere_writer_t list = isere_writer_begin(text, sizeof(text) - 4);
    uint32_t count = isere_reply_count(reply, names);
    for (uint32_t i = 0; i < count && !list.full; i++) {
        isere_writer_puts(&list, i > 0 ? ", " : "");
        isere_writer_put(
            &list,
            isere_reply_as_text(reply, isere_reply_element(reply, names, i)));
    }
    if (count > 0) {
        isere_remote_say("keeps %.*s%s of the version before; --env replaces "
                         "all, --no-env drops them",
                         (int)list.len, text, list.full ? " ..." : "");
    }
}

/* What the server does then is one request to us: we know that it has begun,
 * and its answer says that it is done. */
static void tell_progress(size_t arrived, size_t all)
{
    if (arrived < all) {
        isere_remote_progress("sent %zu of %zu KB", arrived / 1024,
                              (all + 1023) / 1024);
    } else {
        isere_remote_progress("sent; the server compiles, starts and stores "
                              "it");
    }
}

static int send_package(isere_remote_t *remote, const isere_files_t *files,
                        const char *name, const isere_out_t *package)
{
    const isere_remote_call_t call = {
        .method = "PUT",
        .function = name,
        .rest = "",
        .type = "application/json",
        .body = {package->buffer, package->used},
        .progress = tell_progress,
    };
    double begun = seconds();
    /* On a terminal only: what follows may take seconds. */
    isere_remote_progress("sending %zu bytes to http://%s", package->used,
                          remote->url.authority);
    if (!isere_remote_call(remote, &call)) {
        return ISERE_EXIT_FAULT;
    }
    if (print_remote_fault(remote, files) || !isere_remote_is_fine(remote)) {
        return ISERE_EXIT_FAULT;
    }
    isere_remote_progress("done in %.2f s", seconds() - begun);
    tell_replaced(remote, files, name);
    tell_kept(remote);
    return isere_remote_print_version(remote);
}

/* The folder of a module, absolute and for free(); NULL when there is none. */
static char *folder_of(const char *module)
{
    const char *slash = strrchr(module, '/');
    char *path =
        slash ? strndup(module, (size_t)(slash - module) + 1) : strdup(".");
    char *folder = path ? realpath(path, NULL) : NULL;
    free(path);
    return folder;
}

/* What identifies the folder to the server; "" when it can't be resolved. */
static void make_source(const char *module,
                        char source[ISERE_PACKAGE_SOURCE_MAX])
{
    char *folder = folder_of(module);
    source[0] = '\0';
    if (folder) {
        isere_package_source(folder, source);
    }
    free(folder);
}

/* In memory: Content-Length comes before the body. */
static int pack_and_send(isere_remote_t *remote, const isere_files_t *files,
                         const char *name)
{
    size_t count = isere_package_count(files);
    int code = ISERE_EXIT_FAULT;
    char source[ISERE_PACKAGE_SOURCE_MAX];
    isere_out_t package;
    const char *wrong;
    isere_remote_progress("packing %zu file%s", count, count == 1 ? "" : "s");
    isere_out_memory(&package);
    make_source(remote->args->module, source);
    wrong = isere_package_write(&package, remote->args, files, source);
    if (wrong) {
        isere_remote_say("%s is not UTF-8", wrong);
    } else if (package.failed) {
        isere_remote_say("%s", isere_strerror(ISERE_ERR_NOMEM));
    } else {
        code = send_package(remote, files, name, &package);
    }
    free(package.buffer);
    return code;
}

/* Compiles first: code with an error is not sent, and compiling finds the
 * imports to send. */
static int deploy(isere_remote_t *remote, const char *name)
{
    const isere_port_t *port = &remote->port;
    isere_program_t program;
    isere_fault_t fault;
    void *code = NULL;
    size_t size = 0;
    int error, result = ISERE_EXIT_FAULT;
    error = isere_program_compile(port, remote->args, &program, &code, &size,
                                  &fault);
    if (error != 0) {
        isere_source_fault_print_local(&program.files, &fault, error);
    } else {
        isere_free(port, code);
        result = pack_and_send(remote, &program.files, name);
    }
    isere_program_release(port, &program);
    return result;
}

/* The function's name from that of the module, or from its folder when the
 * module has a common name (index.js). False after saying why there is none. */
static bool make_name(const isere_args_t *args,
                      char name[ISERE_FUNCTION_NAME_MAX])
{
    const char *slash = strrchr(args->module, '/');
    const char *main_name = slash ? slash + 1 : args->module;
    char *folder = NULL;
    bool made;
    if (isere_package_is_common(main_name)) {
        folder = folder_of(args->module);
    }
    /* Without a folder there is no module either: compiling will say so, so the
     * module's own name is good enough. */
    made = folder ? isere_package_folder_name(folder, name)
                  : isere_package_name(main_name, name);
    if (!made) {
        isere_remote_usage(
            args,
            "'%s' is not a valid function name (" ISERE_FUNCTION_NAME_RULE "): "
            "give one with --name",
            folder ? folder : main_name);
    }
    free(folder);
    return made;
}

static bool exists(const char *path, mode_t type)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == type;
}

/* Says what to give instead of a folder. */
static int refuse_folder(const isere_args_t *args)
{
    /* The names that people give main modules, the most likely one first. */
    static const char *const names[] = {"index.js", "handler.js", "main.js",
                                        "index.ts"};
    const char *folder = args->module;
    size_t len = strlen(folder);
    const char *slash = folder[len - 1] == '/' ? "" : "/";
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s%s%s", folder, slash, names[i]);
        if (exists(path, S_IFREG)) {
            return isere_remote_usage(
                args, "'%s' is a folder: give its main module, %s", folder,
                path);
        }
    }
    return isere_remote_usage(
        args, "'%s' is a folder: give its main module, such as %s%sindex.js",
        folder, folder, slash);
}

int isere_cmd_deploy(const isere_args_t *args)
{
    char made[ISERE_FUNCTION_NAME_MAX];
    isere_remote_t remote;
    int code;
    /* Reading a folder fails with EISDIR, which does not say what to do
     * instead. */
    if (exists(args->module, S_IFDIR) ||
        args->module[strlen(args->module) - 1] == '/') {
        return refuse_folder(args);
    }
    if (!args->name && !make_name(args, made)) {
        return ISERE_EXIT_USAGE;
    }
    code = isere_remote_open(&remote, args);
    if (code == ISERE_EXIT_OK) {
        code = deploy(&remote, args->name ? args->name : made);
        isere_remote_close(&remote);
    }
    return code;
}
