/* Starts the server, waits for its end, and starts the next one: see
 * supervisor.h. It does as little as possible, since nothing restarts the
 * supervisor. */
#include "apps/isere/supervisor/supervisor.h"
#include "apps/isere/load/program.h"
#include "apps/isere/supervisor/kept.h"
#include "apps/isere/supervisor/kept_blobs.h"
#include "core/util/writer.h"
#include "ports/linux/fault.h"
#include "ports/linux/port_linux.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TRIES = 3,   /* servers in a row that may die before they serve */
    HASTY = 8,   /* restarts without a pause */
    CALM_S = 60, /* after so long without a death, the count starts over */
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 200,  /* of one that served */
    LONGEST_EARLY_MS = 2000, /* of one that did not come to serve */
    TWICE_MS = 150, /* a signal to stop again so soon is the same one */
};

typedef struct supervisor {
    const isere_args_t *args;
    isere_listeners_t *listeners;
    isere_serve_fn *serve;
    isere_shared_t *shared;
    isere_linux_t log; /* a port's, of which only the log is used */
    sigset_t before;   /* the mask that servers begin with */
    sigset_t waited;   /* signals that the supervisor waits for */
    pid_t child;
    int stop;        /* the last signal to stop; 0: none */
    unsigned early;  /* deaths in a row before the server served */
    unsigned hopes;  /* of those, that a quarantine will end */
    unsigned deaths; /* in a row, without a calm time in between, of which no
                      * function is at fault: those end in a quarantine */
} supervisor_t;

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say(supervisor_t *s, isere_log_level_t level, const char *text)
{
    isere_log_record_t record = {.level = level, .message = isere_slice(text)};
    isere_linux_log(&s->log, &record);
}

/* ---- the child ---- */

static void prepare_threads(isere_shared_t *shared)
{
    /* A thread that died may have left its place in any state. */
    memset(shared->threads, 0, sizeof(shared->threads));
    atomic_store(&shared->ready, false);
}

/* In the child: the kernel ends it with the supervisor, which may be gone
 * already. */
static int be_server(supervisor_t *s)
{
    pid_t supervisor = s->shared->supervisor;
    sigset_t set = s->before;
    /* If the supervisor died before prctl, the signal never comes; the parent
     * is another process then. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor) {
        _exit(ISERE_EXIT_FAULT);
    }
    /* One that comes now waits until the server can stop in order. */
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    return s->serve(s->args, s->listeners);
}

/* ---- deaths ---- */

/* Whether the function that a thread ran is to blame. If it is known whose
 * thread had the fault, only that one is; else all are. A server that was
 * killed (SIGKILL) blames nobody, except while it starts: a function that ends
 * each start, by taking too much memory perhaps, must not keep the others from
 * being served. */
static bool counts(const supervisor_t *s, const isere_running_t *running,
                   int number)
{
    const isere_shared_t *shared = s->shared;
    unsigned state = atomic_load(&running->state);
    bool starts = s->args->serve.store && !atomic_load(&shared->ready);
    if (state == ISERE_RUNNING_NOTHING || (number == SIGKILL && !starts)) {
        return false;
    }
    for (int i = 0; i < ISERE_SHARED_THREADS; i++) {
        if (shared->threads[i].number != 0) {
            return running->number != 0;
        }
    }
    return true;
}

static bool is_remembered(const isere_shared_t *shared, unsigned from,
                          const isere_running_t *running)
{
    for (unsigned i = from; i < shared->deaths_count; i++) {
        const isere_death_t *death = &shared->deaths[i % ISERE_SHARED_DEATHS];
        if (strcmp(death->name, running->name) == 0 &&
            strcmp(death->version, running->version) == 0) {
            return true;
        }
    }
    return false;
}

/* Once for each function, on however many threads it ran. */
static void remember(const supervisor_t *s, int number)
{
    isere_shared_t *shared = s->shared;
    unsigned from = shared->deaths_count;
    for (int i = 0; i < ISERE_SHARED_THREADS; i++) {
        const isere_running_t *running = &shared->threads[i];
        isere_death_t *death =
            &shared->deaths[shared->deaths_count % ISERE_SHARED_DEATHS];
        if (!counts(s, running, number) ||
            is_remembered(shared, from, running) ||
            shared->deaths_count - from == ISERE_SHARED_DEATHS) {
            continue;
        }
        memcpy(death->name, running->name, sizeof(death->name));
        memcpy(death->version, running->version, sizeof(death->version));
        snprintf(death->where, sizeof(death->where), "the server died: SIG%s",
                 sigabbrev_np(number) ? sigabbrev_np(number) : "?");
        death->wall_s = now_ms(CLOCK_REALTIME) / 1000;
        death->monotonic_s = (uint32_t)(now_ms(CLOCK_MONOTONIC) / 1000);
        shared->deaths_count++;
        isere_shared_count(death->name);
    }
}

/* The place of the fault, if a thread recorded one. */
static void put_place(const isere_shared_t *shared, isere_writer_t *text)
{
    for (int i = 0; i < ISERE_SHARED_THREADS; i++) {
        const isere_running_t *running = &shared->threads[i];
        if (running->number != 0) {
            isere_writer_printf(text, " at address %#lx, code isere+%#lx",
                                (unsigned long)running->address,
                                (unsigned long)running->pc);
            return;
        }
    }
}

/* Logs a line, and keeps it for the log that the next server sends to clients.
 */
static void give_notice(supervisor_t *s, const char *text,
                        const isere_death_t *death)
{
    isere_shared_t *shared = s->shared;
    isere_notice_t *notice =
        &shared->notices[shared->notices_count % ISERE_SHARED_DEATHS];
    isere_log_record_t record = {.level = ISERE_LOG_ERROR};
    /* "$LATEST": served without a store */
    bool has_version = death && death->version[0] != '$';
    memset(notice, 0, sizeof(*notice));
    if (death) {
        memcpy(notice->function, death->name, sizeof(notice->function));
        snprintf(notice->text, sizeof(notice->text), "%s; while it ran %s%s%s",
                 text, death->name, has_version ? ", version " : "",
                 has_version ? death->version : "");
    } else {
        snprintf(notice->text, sizeof(notice->text), "%s", text);
    }
    shared->notices_count++;
    record.function = isere_slice(notice->function);
    record.message = isere_slice(notice->text);
    isere_linux_log(&s->log, &record);
}

/* Logs a line for each function that is to blame. Whether there is one. */
static bool report_death(supervisor_t *s, int number)
{
    isere_shared_t *shared = s->shared;
    const char *name = sigabbrev_np(number);
    unsigned from = shared->deaths_count;
    char line[160];
    isere_writer_t text = isere_writer_begin(line, sizeof(line) - 1);
    remember(s, number);
    isere_writer_puts(&text, "the server died: SIG");
    isere_writer_puts(&text, name ? name : "?");
    put_place(shared, &text);
    line[text.len] = 0;
    if (shared->deaths_count == from) {
        give_notice(s, line, NULL);
    }
    for (unsigned i = from; i < shared->deaths_count; i++) {
        give_notice(s, line, &shared->deaths[i % ISERE_SHARED_DEATHS]);
    }
    return shared->deaths_count != from;
}

/* ---- starting again ---- */

static bool start(supervisor_t *s)
{
    prepare_threads(s->shared);
    s->child = fork();
    if (s->child == 0) {
        /* exit, not _exit: what the server buffered for stdout is written. */
        exit(be_server(s));
    }
    if (s->child < 0) {
        fprintf(stderr, "isere: cannot start the server: %s\n",
                strerror(errno));
    }
    return s->child >= 0;
}

/* Milliseconds until the next attempt. */
static int64_t pause_ms(const supervisor_t *s)
{
    bool early = s->early > 0;
    unsigned allowed = early ? 1 : HASTY;
    unsigned count = early ? s->early : s->deaths;
    int64_t longest = early ? LONGEST_EARLY_MS : LONGEST_PAUSE_MS;
    unsigned doubled = count > allowed ? count - allowed - 1 : 0;
    int64_t ms = doubled < 8 ? (int64_t)FIRST_PAUSE_MS << doubled : longest;
    if (count <= allowed) {
        return 0;
    }
    return ms < longest ? ms : longest;
}

/* Waits. Returns the signal to stop that ended the pause, or 0. */
static int wait_a_little(supervisor_t *s, int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = ms % 1000 * 1000000};
    sigset_t stops = s->waited;
    char line[96];
    int number;
    if (ms == 0) {
        return 0;
    }
    snprintf(line, sizeof(line), "the next server starts in %lld ms%s",
             (long long)ms, s->early > 0 ? "" : ": the server died too often");
    say(s, ISERE_LOG_WARN, line);
    sigdelset(&stops, SIGCHLD);
    number = sigtimedwait(&stops, NULL, &time);
    return number > 0 ? number : 0;
}

/* A service that has served before is restarted for ever: its listeners stay
 * open, and what is wrong may pass. */
static bool is_hopeless(const supervisor_t *s)
{
    if (s->early - s->hopes < TRIES || atomic_load(&s->shared->announced)) {
        return false;
    }
    fprintf(stderr,
            "isere: the server died %d times in a row while it started\n",
            TRIES);
    return true;
}

/* Starts the next server. False when that is hopeless or a signal to stop came;
 * then *code is the exit code. */
static bool start_again(supervisor_t *s, bool blamed, int *code)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    /* A server that served for a while proves that it can start. */
    s->early = atomic_load(&s->shared->ready) ? 0 : s->early + 1;
    s->hopes = s->early == 0 ? 0 : s->hopes + (blamed && s->args->serve.store);
    if (is_hopeless(s)) {
        return false;
    }
    if (now - s->shared->death_ms > CALM_S * 1000) {
        s->deaths = 0;
    }
    s->deaths += blamed ? 0 : 1;
    /* Of several in a row, the first one is when the service ended. */
    if (s->early == 0) {
        s->shared->death_ms = now;
    }
    s->stop = wait_a_little(s, pause_ms(s));
    if (s->stop) {
        *code = ISERE_EXIT_OK; /* nothing was under way */
        return false;
    }
    /* Read by the server that starts now: its log says how long nobody
     * served. */
    s->shared->restarts++;
    return start(s);
}

/* ---- signals ---- */

/* Passes a signal to stop on to the server. From a terminal the server gets it
 * twice, which counts once (on_stop_again). */
static void pass_on(supervisor_t *s, int number)
{
    s->stop = number;
    atomic_fetch_add(&s->shared->stops, 1);
    /* New connections are refused from now on, not left in a queue that nobody
     * serves. */
    isere_listeners_close(s->listeners);
    if (s->child > 0) {
        kill(s->child, number);
    }
}

/* Ends by the same signal as the child, for the shell to see. */
static int end_by(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return ISERE_EXIT_FAULT;
}

/* The server exited. If the first one does, so does the supervisor. One that
 * was started again and could not start is tried again. */
static bool go_on_after_exit(supervisor_t *s, int *code)
{
    bool serves = atomic_load(&s->shared->ready);
    char line[96];
    if (*code == ISERE_EXIT_OK || serves || !isere_shared_is_restart()) {
        return false;
    }
    if (s->stop) {
        *code = ISERE_EXIT_OK;
        return false;
    }
    snprintf(line, sizeof(line),
             "the server could not start again (exit code %d)", *code);
    say(s, ISERE_LOG_ERROR, line);
    return start_again(s, false, code);
}

/* The child ended. False when the supervisor ends, too, with *code. */
static bool go_on(supervisor_t *s, int status, int *code)
{
    if (WIFEXITED(status)) {
        *code = WEXITSTATUS(status);
        return go_on_after_exit(s, code);
    }
    *code = ISERE_EXIT_FAULT;
    if (s->stop && WTERMSIG(status) == s->stop) {
        *code = end_by(s->stop);
        return false;
    }
    bool blamed = report_death(s, WTERMSIG(status));
    return !s->stop && start_again(s, blamed, code);
}

static int watch(supervisor_t *s)
{
    int code = ISERE_EXIT_FAULT;
    siginfo_t info;
    int status;
    for (;;) {
        int number = sigwaitinfo(&s->waited, &info);
        if (number > 0 && number != SIGCHLD) {
            pass_on(s, number);
        }
        /* Also after other signals: SIGCHLD may have been merged with one
         * before. */
        if (waitpid(s->child, &status, WNOHANG) == s->child) {
            s->child = 0;
            if (!go_on(s, status, &code)) {
                return code;
            }
        }
    }
}

/* SIGHUP stays ignored if it was: nohup. SIGINT and SIGTERM are waited for even
 * if they were ignored, as shells do for jobs in the background. */
static void choose_signals(supervisor_t *s)
{
    struct sigaction now;
    sigemptyset(&s->waited);
    sigaddset(&s->waited, SIGCHLD);
    sigaddset(&s->waited, SIGINT);
    sigaddset(&s->waited, SIGTERM);
    if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
        sigaddset(&s->waited, SIGHUP);
    }
    signal(SIGCHLD, SIG_DFL);
    pthread_sigmask(SIG_BLOCK, &s->waited, &s->before);
}

int isere_supervisor_run(const isere_args_t *args, isere_listeners_t *listeners,
                         isere_serve_fn *serve)
{
    static supervisor_t s; /* its log needs a buffer */
    s.args = args;
    s.listeners = listeners;
    s.serve = serve;
    s.log.config = isere_program_port_config(args);
    s.shared = isere_shared_create();
    if (!s.shared) {
        fputs("isere: not enough memory to start\n", stderr);
        return ISERE_EXIT_FAULT;
    }
    /* The child compares it with its parent. */
    s.shared->supervisor = getpid();
    if (args->serve.store) {
        isere_kept_blobs_create();
    } else {
        isere_kept_create();
    }
    choose_signals(&s);
    return start(&s) ? watch(&s) : ISERE_EXIT_FAULT;
}

/* ---- in the server ---- */

static int64_t stopped_ms; /* when the first signal came */

/* A second signal to stop ends the server at once. Terminals and service
 * managers send theirs to both processes, so the first one may come twice, in
 * any order. */
static void on_stop_again(int number, siginfo_t *info, void *context)
{
    isere_shared_t *shared = isere_shared();
    bool passed_on =
        info->si_pid == shared->supervisor && atomic_load(&shared->stops) <= 1;
    (void)context;
    /* clock_gettime is safe in a signal handler, as are raise and signal. */
    if (passed_on || now_ms(CLOCK_MONOTONIC) - stopped_ms < TWICE_MS) {
        return;
    }
    signal(number, SIG_DFL);
    raise(number);
}

void isere_supervisor_stop_again(void)
{
    struct sigaction action;
    if (!isere_shared()) {
        return;
    }
    stopped_ms = now_ms(CLOCK_MONOTONIC);
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_stop_again;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}
