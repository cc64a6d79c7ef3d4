/* isere dev: serves a function while it is written, or deploys it each time
 * that one of its files is saved. */
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/program.h"
#include "apps/isere/load/source_fault.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_MS 20  /* between looks at the files */
#define QUIET_MS 40 /* without a change, before they are read */

/* How the files were when somebody looked. */
typedef struct look {
    unsigned long long sum; /* of sizes, times and inodes */
    struct timespec newest;
} look_t;

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
                                  : a->tv_nsec > b->tv_nsec;
}

static void look_at(const char *path, look_t *look)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        look->sum = look->sum * 31 + 1;
        return;
    }
    look->sum = look->sum * 31 + (unsigned long long)info.st_mtim.tv_sec;
    look->sum = look->sum * 31 + (unsigned long long)info.st_mtim.tv_nsec;
    look->sum = look->sum * 31 + (unsigned long long)info.st_size;
    look->sum = look->sum * 31 + (unsigned long long)info.st_ino;
    if (is_later(&info.st_mtim, &look->newest)) {
        look->newest = info.st_mtim;
    }
}

static look_t look(const isere_args_t *args, const isere_files_t *files)
{
    look_t now = {0};
    char path[PATH_MAX];
    look_at(args->module, &now);
    for (const isere_file_t *f = files->folder ? files->files : NULL; f;
         f = f->next) {
        snprintf(path, sizeof(path), "%s%s", files->folder, f->name);
        look_at(path, &now);
    }
    return now;
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

/* Waits until a file differs from what was read at `begun`, and until no more
 * change: editors write several files, or one in several steps. */
static void await_change(const isere_args_t *args, const isere_files_t *files,
                         const struct timespec *begun)
{
    look_t before = look(args, files), now = before;
    /* What was saved while it was read may have been read before that. */
    bool changed = is_later(&before.newest, begun);
    while (!changed) {
        pause_ms(LOOK_MS);
        now = look(args, files);
        changed = now.sum != before.sum;
    }
    do {
        before = now;
        pause_ms(QUIET_MS);
        now = look(args, files);
    } while (now.sum != before.sum);
}

/* Loads it once, and says what is wrong. True when that is nothing and no more
 * is to be done; else after a file was saved. */
static bool load_once(const isere_port_t *port, const isere_args_t *args,
                      bool deploys)
{
    isere_program_t program;
    isere_fault_t fault;
    struct timespec begun;
    int error;
    clock_gettime(CLOCK_REALTIME, &begun);
    error = isere_program_load(port, args, &program, &fault);
    if (error != 0) {
        isere_source_fault_print_local(&program.files, &fault, error);
        fputs("isere: waiting until a file of it is saved\n", stderr);
    } else if (deploys) {
        (void)isere_cmd_deploy(args);
        fflush(stdout);
    }
    if (error != 0 || deploys) {
        await_change(args, &program.files, &begun);
    }
    isere_program_release(port, &program);
    return error == 0 && !deploys;
}

int isere_cmd_dev(const isere_args_t *args)
{
    static isere_args_t own; /* too large for a stack */
    bool deploys = args->remote.to != NULL;
    isere_port_t port;
    if (isere_program_port_init(&port, args) != 0) {
        return ISERE_EXIT_FAULT;
    }
    if (deploys) {
        printf("%s is deployed each time that it is saved; Ctrl-C ends that. "
               "Its logs: isere logs -f --to %s\n",
               args->module, args->remote.to);
        fflush(stdout);
    }
    while (!load_once(&port, args, deploys)) {
    }
    isere_linux_port_deinit(&port);
    own = *args;
    own.serve.watch = true;
    own.serve.access_log = true;
    return isere_cmd_serve(&own);
}
