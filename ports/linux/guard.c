/* Notices which pages of a heap are written to, by write protection and
 * SIGSEGV. Restoring a heap then copies only those. */
#include "ports/linux/guard.h"
#include "ports/linux/fault.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * All watches ever made are in one list, which only grows, so the handler can
 * walk it at any time. It looks at the guards of its own thread's watch only:
 * nobody else changes them.
 */
struct isere_guard_watch {
    struct isere_guard_watch *next;
    _Atomic(const void *) thread; /* its owner; NULL: none */
    isere_guard_t *guards;        /* those that were ever closed */
};

static _Atomic(isere_guard_watch_t *) watches;

/* Its address identifies the thread. Initial-exec, since a handler must not
 * trigger the lazy allocation of thread-local memory. */
static _Thread_local char here __attribute__((tls_model("initial-exec")));

static _Atomic(size_t) page_size;

/* ---- opening ---- */

static bool protect(const isere_guard_t *guard, int protection)
{
    return mprotect(guard->start, guard->size, protection) == 0;
}

static void mark_all_open(isere_guard_t *guard)
{
    size_t units = guard->size / page_size;
    /* Whole words: bits beyond the last page are never looked at. */
    memset(guard->open, 0xff, (units + 31) / 32 * sizeof(*guard->open));
}

/* Opens the page. That splits a mapping, for which the kernel may have no room;
 * then the whole heap is opened, which needs none. */
static bool open_page(isere_guard_t *guard, size_t page)
{
    uint32_t bit = UINT32_C(1) << (page % 32);
    if (guard->open[page / 32] & bit) {
        return false; /* it is open: the fault is another one */
    }
    guard->open[page / 32] |= bit;
    char *start = (char *)guard->start + page * page_size;
    if (mprotect(start, page_size, PROT_READ | PROT_WRITE) == 0) {
        return true;
    }
    mark_all_open(guard);
    return protect(guard, PROT_READ | PROT_WRITE);
}

static bool open_at(isere_guard_watch_t *watch, uintptr_t address)
{
    for (isere_guard_t *g = watch->guards; g; g = g->next) {
        uintptr_t offset = address - (uintptr_t)g->start;
        /* Unsigned: an address below the heap is a large offset. */
        if (offset < g->size) {
            return open_page(g, offset / page_size);
        }
    }
    return false;
}

static bool open_closed(const void *address)
{
    isere_guard_watch_t *watch = atomic_load(&watches);
    for (; watch; watch = watch->next) {
        if (atomic_load(&watch->thread) == &here &&
            open_at(watch, (uintptr_t)address)) {
            return true;
        }
    }
    return false;
}

bool isere_guard_open(const siginfo_t *info)
{
    /* SEGV_MAPERR: nothing is mapped there, so it is none of our pages. */
    return info->si_code == SEGV_ACCERR && open_closed(info->si_addr);
}

/* ---- watches ---- */

/* An unused watch, or a new one. */
static isere_guard_watch_t *claim(void)
{
    isere_guard_watch_t *watch = atomic_load(&watches);
    for (; watch; watch = watch->next) {
        const void *nobody = NULL;
        if (atomic_compare_exchange_strong(&watch->thread, &nobody, &here)) {
            return watch;
        }
    }
    watch = calloc(1, sizeof(*watch));
    if (watch) {
        atomic_init(&watch->thread, &here);
        watch->next = atomic_load(&watches);
        while (!atomic_compare_exchange_weak(&watches, &watch->next, watch)) {
        }
    }
    return watch;
}

isere_guard_watch_t *isere_guard_new(void)
{
    sigset_t set;
    if (!isere_fault_catch(SIGSEGV)) {
        return NULL;
    }
    /* Asked for once; the handler only reads it. */
    atomic_store(&page_size, (size_t)sysconf(_SC_PAGESIZE));
    /* A fault while it is blocked ends the program. */
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return claim();
}

void isere_guard_release(isere_guard_watch_t *watch)
{
    if (watch) {
        /* Its heaps are unmapped with the port. */
        watch->guards = NULL;
        atomic_store(&watch->thread, NULL);
    }
}

/* ---- guards ---- */

static bool is_known(const isere_guard_watch_t *watch,
                     const isere_guard_t *guard)
{
    const isere_guard_t *g = watch->guards;
    while (g && g != guard) {
        g = g->next;
    }
    return g != NULL;
}

/* Closing costs one system call and a fault for each page that the next request
 * writes to: see ISERE_GUARD_PERIOD. */
static void close_all(isere_guard_watch_t *watch, isere_guard_t *guard)
{
    if (!is_known(watch, guard)) {
        guard->next = watch->guards;
        watch->guards = guard;
    }
    if (isere_fault_catch(SIGSEGV) && protect(guard, PROT_READ)) {
        size_t units = guard->size / page_size;
        memset(guard->open, 0, (units + 31) / 32 * sizeof(*guard->open));
        return;
    }
    /* Part of it may be protected now. If it can't be undone, the next write
     * would fault for ever: there is no way on. */
    mark_all_open(guard);
    if (!protect(guard, PROT_READ | PROT_WRITE)) {
        abort();
    }
}

void isere_guard_add(isere_guard_watch_t *watch, isere_guard_t *guard)
{
    if (++guard->turns == ISERE_GUARD_FIRST + ISERE_GUARD_PERIOD) {
        guard->turns = ISERE_GUARD_FIRST;
    }
    if (guard->turns == ISERE_GUARD_FIRST) {
        close_all(watch, guard);
    }
}

void isere_guard_remove(isere_guard_watch_t *watch, isere_guard_t *guard)
{
    for (isere_guard_t **g = &watch->guards; *g; g = &(*g)->next) {
        if (*g == guard) {
            *g = guard->next;
            mark_all_open(guard);
            if (!protect(guard, PROT_READ | PROT_WRITE)) {
                abort();
            }
            return;
        }
    }
}
