/* The memory shared with the supervisor. A server may die at any instruction,
 * so every record is valid after a single store that comes last. */
#include "ports/linux/shared.h"
#include "ports/linux/exec.h"
#include <string.h>
#include <sys/mman.h>

extern const char __executable_start; /* the linker's */

static isere_shared_t *shared;

/* Initial-exec, since a handler must not trigger the lazy allocation of
 * thread-local memory. */
static _Thread_local isere_running_t *volatile mine
    __attribute__((tls_model("initial-exec")));

isere_shared_t *isere_shared_create(void)
{
    /* Anonymous and shared: fork passes it on, and no file has it. */
    void *memory = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = memory == MAP_FAILED ? NULL : memory;
    return shared;
}

isere_shared_t *isere_shared(void)
{
    return shared;
}

bool isere_shared_is_restart(void)
{
    return shared && shared->restarts > 0 && atomic_load(&shared->announced);
}

isere_running_t *isere_shared_claim(void)
{
    for (int i = 0; shared && i < ISERE_SHARED_THREADS; i++) {
        isere_running_t *running = &shared->threads[i];
        bool taken = false;
        if (atomic_compare_exchange_strong(&running->taken, &taken, true)) {
            /* For the handler of faults, which has no port. */
            mine = running;
            return running;
        }
    }
    return NULL;
}

void isere_shared_release(isere_running_t *running)
{
    if (running) {
        mine = NULL;
        atomic_store(&running->state, ISERE_RUNNING_NOTHING);
        atomic_store(&running->taken, false);
    }
}

static void copy(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = 0;
}

/* The state is stored last and says that the texts are complete: the supervisor
 * reads them when this process is dead, wherever it was. */
void isere_shared_note(isere_running_t *running, const char *name,
                       const char *version)
{
    if (!running) {
        return;
    }
    if (!name) {
        atomic_store_explicit(&running->state, ISERE_RUNNING_NOTHING,
                              memory_order_release);
        return;
    }
    copy(running->name, sizeof(running->name), name);
    copy(running->version, sizeof(running->version), version);
    atomic_store_explicit(&running->state, ISERE_RUNNING_FUNCTION,
                          memory_order_release);
}

/* ---- crashes ---- */

enum { TALLY_FREE, TALLY_BEGUN, TALLY_WHOLE };

static bool is_of(const isere_tally_t *tally, const char *name)
{
    /* One character less than the array: `copy` cuts names to that. */
    return atomic_load(&tally->state) == TALLY_WHOLE &&
           strncmp(tally->name, name, sizeof(tally->name) - 1) == 0;
}

/* Takes a free one. A fault in the middle leaves it unusable for good. */
static bool begin(isere_tally_t *tally, const char *name)
{
    unsigned state = TALLY_FREE;
    if (!atomic_compare_exchange_strong(&tally->state, &state, TALLY_BEGUN)) {
        return false;
    }
    copy(tally->name, sizeof(tally->name), name);
    atomic_store(&tally->state, TALLY_WHOLE);
    return true;
}

/* Two threads may begin a tally for the same name. Readers add them up. */
void isere_shared_count(const char *name)
{
    for (int i = 0; shared && i < ISERE_SHARED_TALLIES; i++) {
        isere_tally_t *tally = &shared->tallies[i];
        if (is_of(tally, name) || begin(tally, name)) {
            atomic_fetch_add(&tally->count, 1);
            return;
        }
    }
}

unsigned long isere_shared_crashes(const char *name)
{
    unsigned long count = 0;
    for (int i = 0; shared && i < ISERE_SHARED_TALLIES; i++) {
        const isere_tally_t *tally = &shared->tallies[i];
        count += is_of(tally, name) ? atomic_load(&tally->count) : 0;
    }
    return count;
}

void isere_shared_crashed(const isere_running_t *running)
{
    if (running && atomic_load(&running->state) != ISERE_RUNNING_NOTHING) {
        isere_shared_count(running->name);
    }
}

void isere_shared_faulted(int number, const siginfo_t *info,
                          const void *context)
{
    isere_running_t *running = mine;
    if (!running || !isere_exec_is_own(number, info)) {
        return;
    }
    running->number = number;
    running->address = number == SIGABRT ? 0 : (uintptr_t)info->si_addr;
    /* As addr2line wants it: the address changes with each start. */
    running->pc = isere_exec_code(context) - (uintptr_t)&__executable_start;
    if (atomic_load(&running->state) == ISERE_RUNNING_FUNCTION) {
        atomic_store(&running->state, ISERE_RUNNING_FAULTED);
    }
}
