/* Memory: the C library's for the server, mappings for heaps. Much of it is
 * about giving memory back after a peak. */
#include "ports/linux/port_linux.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What even the heap of an empty function uses. */
#define FILLED ((size_t)80 * 1024)

/* malloc_trim walks over all free memory: it must be worth it. */
#define WORTH_A_TRIM ((size_t)1024 * 1024)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Bytes that this thread freed since it last trimmed. */
static _Thread_local size_t freed;

/* An estimate is enough. */
static void count_freed(void *ptr)
{
#ifdef __GLIBC__
    freed += malloc_usable_size(ptr);
#endif
}

void isere_linux_trim_memory(void)
{
#ifdef __GLIBC__
    if (freed >= WORTH_A_TRIM) {
        freed = 0;
        malloc_trim(0);
    }
#endif
}

void *isere_linux_resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size == 0) {
        count_freed(ptr);
        free(ptr);
        return NULL;
    }
    /* realloc(NULL, size) is malloc(size). */
    return realloc(ptr, size);
}

void isere_linux_give_memory_back(void)
{
#ifdef __GLIBC__
    /* By default both grow with what was freed, up to 32 and 64 MB: a body of
     * 1 MB, and all that is behind it, would then be kept for good. */
    mallopt(M_MMAP_THRESHOLD, 32 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

/* Maps a heap at `place` (`fixed`), or where the system chooses. */
void *isere_linux_map(void *place, size_t size, bool fixed)
{
    void *heap = mmap(place, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                          (fixed ? MAP_FIXED : 0),
                      -1, 0);
    if (heap == MAP_FAILED) {
        return NULL;
    }
    /* Most of a heap is never touched: a huge page would make all of it
     * resident. Kernels without huge pages refuse, which is as good. */
    (void)madvise(heap, size, MADV_NOHUGEPAGE);
    /* The first pages are filled at once: that is one system call rather than
     * as many faults. Kernels before 5.14 refuse. */
    (void)madvise(heap, size < FILLED ? size : FILLED, MADV_POPULATE_WRITE);
    return heap;
}

void *isere_linux_heap_map(void *ctx, size_t size)
{
    (void)ctx;
    return isere_linux_map(NULL, size, false);
}

/* If protecting fails, a snapshot stays writable, but far from every heap; and
 * what is frozen is written to by nobody, as far as we know. */
void isere_linux_seal(void *ctx, void *start, size_t size)
{
    (void)ctx;
    (void)mprotect(start, size, PROT_READ);
}

void isere_linux_heap_unmap(void *ctx, void *heap, size_t size)
{
    (void)ctx;
    if (heap) {
        munmap(heap, size);
    }
}

/* Whole pages go back to the system, which gives zeros when they are touched
 * again; at the ends of the range there may be parts of pages. */
void isere_linux_heap_trim(void *ctx, void *start, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)start + page - 1) & ~(page - 1);
    uintptr_t to = ((uintptr_t)start + size) & ~(page - 1);
    (void)ctx;
    if (to <= from || madvise((void *)from, to - from, MADV_DONTNEED) != 0) {
        memset(start, 0, size);
        return;
    }
    memset(start, 0, from - (uintptr_t)start);
    memset((void *)to, 0, (uintptr_t)start + size - to);
}
