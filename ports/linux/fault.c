/* The handlers of fault signals. They are shared by all threads, and pass on
 * what is not the port's. */
#include "ports/linux/fault.h"
#include "ports/linux/exec.h"
#include "ports/linux/guard.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

const int isere_fault_signals[ISERE_FAULTS] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE,
                                               SIGABRT};

static const char *const names[ISERE_FAULTS] = {"SIGSEGV", "SIGBUS", "SIGILL",
                                                "SIGFPE", "SIGABRT"};

/* The handlers that were there before ours. */
static struct sigaction previous[ISERE_FAULTS];
static bool installed[ISERE_FAULTS];
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;

static int index_of(int number)
{
    int i = 0;
    /* Always found: the handlers are installed for these only. */
    while (i < ISERE_FAULTS - 1 && isere_fault_signals[i] != number) {
        i++;
    }
    return i;
}

const char *isere_fault_name(int number)
{
    return names[index_of(number)];
}

static bool is_default(const struct sigaction *action)
{
    return action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN;
}

/* Does what would have happened without our handler. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction *next = &previous[index_of(number)];
    if (next->sa_flags & SA_SIGINFO) {
        next->sa_sigaction(number, info, context);
    } else if (!is_default(next)) {
        next->sa_handler(number);
    } else {
        /* The instruction runs again and ends the program; a signal that was
         * sent is sent again, and arrives when this returns. */
        signal(number, SIG_DFL);
        if (info->si_code <= 0) {
            raise(number);
        }
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    if (!(number == SIGSEGV && isere_guard_open(info))) {
        isere_exec_at_fault(number, info, context);
        isere_shared_faulted(number, info, context);
        pass_on(number, info, context);
    }
    errno = saved;
}

/* On the alternate stack, since the thread's own may have overflowed. All other
 * signals are blocked, so that jumping out abandons no other handler. */
static bool set_handler(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigfillset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

bool isere_fault_catch(int number)
{
    struct sigaction now;
    int i = index_of(number);
    bool ours;
    pthread_mutex_lock(&installing);
    /* Asked again each time: a library may have installed its own since. */
    ours = sigaction(number, NULL, &now) == 0 && now.sa_sigaction == on_fault;
    if (!ours && (!installed[i] || is_default(&now) ||
                  now.sa_sigaction == previous[i].sa_sigaction)) {
        previous[i] = now;
        installed[i] = ours = set_handler(number);
    }
    pthread_mutex_unlock(&installing);
    return ours;
}

int isere_fault_catch_all(void)
{
    errno = 0;
    for (int i = 0; i < ISERE_FAULTS; i++) {
        /* A handler that was installed after ours is intended: no error. */
        if (!isere_fault_catch(isere_fault_signals[i]) && !installed[i]) {
            return errno ? errno : EINVAL;
        }
    }
    return 0;
}
