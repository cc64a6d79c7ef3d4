/* --watch: waits for changes of a function's files with inotify, loads it
 * again, and publishes it when it compiles and starts. */
#include "apps/isere/serve/watch.h"
#include "apps/isere/load/source_fault.h"
#include "apps/isere/serve/thread.h"
#include "apps/isere/supervisor/kept.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 50 /* without a change, before the files are read */

struct isere_watch {
    const isere_args_t *args;
    isere_registry_t *registry;
    pthread_t thread;
    isere_port_t port; /* the watching thread's */
    int inotify_fd;
    int stop_fd;
    isere_program_t *failed; /* the last attempt, when it failed: its files */
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t changed;
    bool ready;
    int start_error;
    isere_program_t *programs; /* newest first; the oldest is the caller's */
};

/* ---- what to watch ---- */

/* Shortens a path to the folder above; false when there is none. */
static bool go_up(char *path)
{
    size_t len = strlen(path);
    const char *slash;
    /* "a/b/" is "a" after this, as "a/b" is. */
    while (len > 1 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0) {
        return false;
    }
    slash = strrchr(path, '/');
    if (!slash) {
        memcpy(path, ".", 2);
    } else {
        path[slash == path ? 1 : slash - path] = '\0';
    }
    return true;
}

/* Watches a file's folder or, while that does not exist, the nearest one above
 * it, where it will appear. Folders and not files: editors replace a file by
 * renaming another one. The kernel watches a folder once, however often it is
 * asked to. */
static void watch_folder_of(isere_watch_t *w, const isere_files_t *files,
                            const char *name)
{
    const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE |
                          IN_MOVED_FROM | IN_CREATE | IN_DELETE_SELF |
                          IN_MOVE_SELF | IN_ONLYDIR;
    const char *slash = strrchr(name, '/');
    const char *folder = files->folder[0] ? files->folder : "./";
    char path[4096];
    snprintf(path, sizeof(path), "%s%.*s", folder,
             (int)(slash ? slash - name : 0), name);
    while (inotify_add_watch(w->inotify_fd, path, mask) < 0 &&
           (errno == ENOENT || errno == ENOTDIR) && go_up(path)) {
    }
}

/* Watches a symbolic link's target, since changes of it cause no events in the
 * link's folder. */
static void watch_target_of(isere_watch_t *w, const isere_files_t *files,
                            const char *name)
{
    const uint32_t mask = IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;
    char path[4096];
    struct stat info;
    snprintf(path, sizeof(path), "%s%s", files->folder, name);
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)) {
        (void)inotify_add_watch(w->inotify_fd, path, mask);
    }
}

static void watch_files(isere_watch_t *w, const isere_files_t *files)
{
    if (!files->folder) {
        return; /* not even the main module could be read */
    }
    for (const isere_file_t *f = files->files; f; f = f->next) {
        watch_folder_of(w, files, f->name);
        watch_target_of(w, files, f->name);
    }
}

/* By the last part of the name, which is all that an event has. A namesake
 * in another folder costs a reload that changes nothing. */
static bool has_file(const isere_files_t *files, const char *name)
{
    for (const isere_file_t *f = files->files; f; f = f->next) {
        const char *slash = strrchr(f->name, '/');
        if (strcmp(slash ? slash + 1 : f->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a folder of that name is on the way to one of the files. */
static bool has_folder(const isere_files_t *files, const char *name)
{
    size_t len = strlen(name);
    for (const isere_file_t *f = files->files; f; f = f->next) {
        const char *texts[] = {files->folder ? files->folder : "", f->name};
        for (int i = 0; i < 2; i++) {
            const char *at = texts[i];
            for (const char *end; (end = strchr(at, '/')); at = end + 1) {
                if ((size_t)(end - at) == len && memcmp(at, name, len) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Whether modules have that extension. */
static bool is_module(const char *dot)
{
    static const char *const names[] = {".js",  ".mjs", ".ts",
                                        ".tsx", ".jsx", ".json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(dot, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a change of a file of that name could matter. After a failure any new
 * module could be the one that was missing. */
static bool is_ours(isere_watch_t *w, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (has_file(&w->programs->files, name)) {
        return true;
    }
    return w->failed &&
           (has_file(&w->failed->files, name) || (dot && is_module(dot)));
}

/* Whether it is a missing folder that appeared: its files may have come with
 * it, for which there are no events. */
static bool is_our_folder(isere_watch_t *w, const char *name)
{
    return w->failed && (has_folder(&w->programs->files, name) ||
                         has_folder(&w->failed->files, name));
}

static bool matters(isere_watch_t *w, const struct inotify_event *event)
{
    if (event->mask & IN_MOVE_SELF) {
        /* The folder was moved: its path leads to our files no longer. */
        (void)inotify_rm_watch(w->inotify_fd, event->wd);
    }
    /* With events lost (IN_Q_OVERFLOW) anything may have changed. */
    if (event->mask & (IN_Q_OVERFLOW | IN_MOVE_SELF | IN_DELETE_SELF)) {
        return true;
    }
    if (event->len == 0) {
        return event->mask & IN_CLOSE_WRITE; /* a link's target */
    }
    return event->mask & IN_ISDIR ? is_our_folder(w, event->name)
                                  : is_ours(w, event->name);
}

/* Reads all events. Whether one of them concerns the function. */
static bool take_events(isere_watch_t *w)
{
    /* The kernel puts as many events as fit; names follow the structs,
     * padded. */
    _Alignas(struct inotify_event) char buffer[4096];
    bool ours = false;
    ssize_t n;
    while ((n = read(w->inotify_fd, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + n;) {
            const struct inotify_event *event = (const void *)at;
            if (matters(w, event)) {
                ours = true;
            }
            at += sizeof(*event) + event->len;
        }
    }
    return ours;
}

/* ---- reloading ---- */

static void log_line(isere_watch_t *w, isere_log_level_t level,
                     const char *text)
{
    isere_log_record_t record = {.level = level, .message = isere_slice(text)};
    w->port.log(w->port.ctx, &record);
}

/* `isere dev` shows the line: somebody looks at it. */
static void log_fault(isere_watch_t *w, const isere_files_t *files,
                      isere_fault_t *fault, int error)
{
    char text[ISERE_PROGRAM_FAULT_MAX];
    if (w->args->command == ISERE_COMMAND_DEV) {
        isere_source_fault_print_local(files, fault, error);
    } else {
        isere_program_fault_text(fault, text);
        log_line(w, ISERE_LOG_ERROR, text);
    }
    log_line(w, ISERE_LOG_WARN,
             "not reloaded: the previous version keeps serving");
}

/* No request is in that function any more. */
static void on_released(void *arg, const isere_function_t *function)
{
    isere_watch_t *w = arg;
    pthread_mutex_lock(&w->lock);
    for (isere_program_t *p = w->programs; p; p = p->next) {
        if (p->function == function) {
            p->in_use = false;
        }
    }
    pthread_mutex_unlock(&w->lock);
}

/* Drops the programs that nothing uses. The newest stays: its list of files is
 * what is watched. */
static void drop_unused(isere_watch_t *w)
{
    isere_program_t **link = &w->programs->next;
    while (*link) {
        isere_program_t *p = *link;
        if (p->in_use || !p->next) {
            link = &p->next; /* in use, or the caller's */
            continue;
        }
        *link = p->next;
        isere_program_release(&w->port, p);
        free(p);
    }
}

/* Makes the program the one that is served. Returns an error, with *fault,
 * when its init phase fails. */
static int publish(isere_watch_t *w, isere_program_t *program,
                   isere_fault_t *fault)
{
    char text[512];
    pthread_mutex_lock(&w->lock);
    /* In the list before it is published: on_released may come at any time
     * after. */
    program->in_use = true;
    program->next = w->programs;
    w->programs = program;
    pthread_mutex_unlock(&w->lock);
    int error = isere_registry_set_built_in(
        w->registry, &w->port, program->function, on_released, w, fault);
    pthread_mutex_lock(&w->lock);
    if (error) {
        w->programs = program->next;
    } else {
        drop_unused(w);
    }
    pthread_mutex_unlock(&w->lock);
    if (error) {
        return error;
    }
    /* From here on a server that is restarted serves this one. */
    isere_kept_save(program);
    if (isere_shared()) {
        isere_shared()->forgotten = isere_shared()->deaths_count;
    }
    snprintf(text, sizeof(text), "reloaded %s", w->args->module);
    log_line(w, ISERE_LOG_INFO, text);
    return 0;
}

static bool is_same(const isere_program_t *a, const isere_program_t *b)
{
    isere_slice_t one = isere_program_code(a), other = isere_program_code(b);
    return one.len == other.len && memcmp(one.ptr, other.ptr, one.len) == 0;
}

/* Loads the function and publishes it. Without `anyway` only if its bytecode
 * differs from what is served. */
static void reload(isere_watch_t *w, bool anyway)
{
    isere_program_t *program = calloc(1, sizeof(*program));
    isere_fault_t fault;
    int error;
    if (!program) {
        return;
    }
    /* Folders that were missing may exist now. They are watched before the
     * files are read, so that no change goes unnoticed. */
    watch_files(w, &w->programs->files);
    if (w->failed) {
        watch_files(w, &w->failed->files);
    }
    error = isere_program_load(&w->port, w->args, program, &fault);
    watch_files(w, &program->files);
    if (error == 0 && !anyway && is_same(program, w->programs)) {
        isere_program_release(&w->port, program);
        free(program);
        return;
    }
    if (error == 0) {
        error = publish(w, program, &fault);
    }
    if (w->failed) {
        isere_program_release(&w->port, w->failed);
        free(w->failed);
        w->failed = NULL;
    }
    if (error != 0) {
        w->failed = program;
        log_fault(w, &program->files, &fault, error);
    }
}

/* ---- the thread ---- */

/* Waits for a change of our files, and until no more come; false to stop. */
static bool await_change(isere_watch_t *w)
{
    struct pollfd fds[2] = {{.fd = w->inotify_fd, .events = POLLIN},
                            {.fd = w->stop_fd, .events = POLLIN}};
    bool ours = false;
    for (;;) {
        /* Editors write several files, or one in several steps; reading too
         * early would give half of it. */
        int n = poll(fds, 2, ours ? QUIET_MS : -1);
        if (fds[1].revents != 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        if (n == 0) {
            return true;
        }
        if (n > 0 && take_events(w)) {
            ours = true;
        }
    }
}

static void *watch_main(void *arg)
{
    isere_watch_t *w = arg;
    int error = isere_program_port_init(&w->port, w->args);
    pthread_mutex_lock(&w->lock);
    w->start_error = error;
    w->ready = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (error != 0) {
        return NULL;
    }
    /* After a restart the program is the one that was kept; the files may have
     * changed while nobody watched. */
    if (isere_shared_is_restart()) {
        reload(w, false);
    }
    while (await_change(w)) {
        reload(w, true);
    }
    if (w->failed) {
        isere_program_release(&w->port, w->failed);
        free(w->failed);
    }
    isere_linux_port_deinit(&w->port);
    return NULL;
}

static int start_thread(isere_watch_t *w)
{
    int error = isere_thread_start(&w->thread, (size_t)w->args->settings.stack,
                                   watch_main, w);
    if (error != 0) {
        return error;
    }
    pthread_mutex_lock(&w->lock);
    while (!w->ready) {
        pthread_cond_wait(&w->changed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    if (w->start_error != 0) {
        pthread_join(w->thread, NULL);
    }
    return w->start_error;
}

static void release(isere_watch_t *w)
{
    if (w->inotify_fd >= 0) {
        close(w->inotify_fd);
    }
    if (w->stop_fd >= 0) {
        close(w->stop_fd);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}

int isere_watch_start(const isere_args_t *args, isere_program_t *program,
                      isere_registry_t *registry, isere_watch_t **watch)
{
    isere_watch_t *w = calloc(1, sizeof(*w));
    int error = ISERE_ERR_LIMIT;
    if (!w) {
        return ISERE_ERR_NOMEM;
    }
    w->args = args;
    w->registry = registry;
    w->programs = program;
    w->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    w->stop_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    if (w->inotify_fd < 0 || w->stop_fd < 0) {
        fprintf(stderr, "isere: cannot watch files: %s\n", strerror(errno));
    } else {
        watch_files(w, &program->files);
        error = start_thread(w);
    }
    if (error != 0) {
        release(w);
        return error;
    }
    *watch = w;
    return 0;
}

bool isere_watch_stop(isere_watch_t *w)
{
    const uint64_t one = 1;
    ssize_t put = write(w->stop_fd, &one, sizeof(one));
    struct timespec until;
    (void)put;
    clock_gettime(CLOCK_REALTIME, &until);
    /* An init phase that runs for long is not waited for: the program ends. */
    until.tv_sec += 1;
    return pthread_timedjoin_np(w->thread, NULL, &until) == 0;
}

void isere_watch_destroy(isere_watch_t *w, const isere_port_t *own)
{
    isere_program_t *p = w->programs;
    /* The last one is the caller's. */
    while (p->next) {
        isere_program_t *next = p->next;
        isere_program_release(own, p);
        free(p);
        p = next;
    }
    release(w);
}
