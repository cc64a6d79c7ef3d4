/* Runs another program to its end: a process with two pipes, of which both are
 * read, so that it never waits for the one that nobody reads. */
#include "apps/isere/load/child.h"
#include "isere/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our threads block the signals that stop the server, and SIGPIPE is ignored;
 * both would be inherited. */
static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, plain;
    sigemptyset(&none);
    sigemptyset(&plain);
    sigaddset(&plain, SIGPIPE);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &plain);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Returns 0 or what errno is for it. */
static int spawn(char *const *argv, const char *folder, int out, int errors,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;
    set_signals(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    error = posix_spawn(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* Reads what there is. Returns how many bytes, 0 at the end, or -1 with
 * errno. */
static ssize_t read_some(int fd, isere_child_text_t *text)
{
    char buffer[16384];
    ssize_t n = read(fd, buffer, sizeof(buffer));
    char *more;
    if (n <= 0) {
        return n;
    }
    more = realloc(text->data, text->size + (size_t)n + 1);
    if (!more) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(more + text->size, buffer, (size_t)n);
    text->data = more;
    text->size += (size_t)n;
    more[text->size] = '\0';
    return n;
}

/* Reads both pipes to their ends. */
static int collect(int out, int errors, size_t limit, isere_child_t *child)
{
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN},
                            {.fd = errors, .events = POLLIN}};
    isere_child_text_t *texts[2] = {&child->out, &child->errors};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return ISERE_ERR_IO;
        }
        for (int i = 0; i < 2; i++) {
            ssize_t n = fds[i].revents ? read_some(fds[i].fd, texts[i]) : 1;
            if (n < 0 && errno != EINTR) {
                return errno == ENOMEM ? ISERE_ERR_NOMEM : ISERE_ERR_IO;
            }
            if (texts[i]->size > limit) {
                errno = EFBIG;
                return ISERE_ERR_LIMIT;
            }
            /* poll takes no notice of negative descriptors. */
            fds[i].fd = n == 0 ? -1 : fds[i].fd;
        }
    }
    return 0;
}

static void close_pipe(const int *ends)
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
        }
    }
}

/* Our copies of the writing ends are closed, or reading would never end. */
static void close_end(int *end)
{
    close(*end);
    *end = -1;
}

int isere_child_run(char *const *argv, const char *folder, size_t limit,
                    isere_child_t *child)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    int error = ISERE_ERR_IO, status = 0, saved;
    pid_t pid;
    memset(child, 0, sizeof(*child));
    if (pipe2(out, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0) {
        errno = spawn(argv, folder, out[1], errors[1], &pid);
        if (errno == 0) {
            close_end(&out[1]);
            close_end(&errors[1]);
            error = collect(out[0], errors[0], limit, child);
            saved = errno;
            if (error != 0) {
                kill(pid, SIGKILL);
            }
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            }
            errno = saved;
            child->succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
    }
    saved = errno;
    close_pipe(out);
    close_pipe(errors);
    errno = saved;
    return error;
}
