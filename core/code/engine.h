/*
 * A QuickJS engine in a heap: the runtime, a context with all of QuickJS's own
 * globals, and bytecode that was read into it.
 */
#ifndef ISERE_CORE_CODE_ENGINE_H
#define ISERE_CORE_CODE_ENGINE_H

#include "core/heap/heap.h"

/*
 * Maps a heap of `size` bytes and makes an engine in it. The struct must stay
 * where it is until isere_heap_deinit, which releases all of it. Returns 0,
 * ISERE_ERR_NOMEM or ISERE_ERR_CRASH (nothing to deinit then). Thread: the
 * port's.
 */
int isere_engine_init(isere_heap_t *heap, const isere_port_t *port, size_t size,
                      size_t stack_size);

/* The same for compiling only: the engine has no globals. */
int isere_engine_init_compiler(isere_heap_t *heap, const isere_port_t *port,
                               size_t size, size_t stack_size);

/*
 * The same with a value that JS_WriteObject wrote (JS_WRITE_OBJ_BYTECODE) read
 * into it: *loaded, the caller's. The code is borrowed until deinit and must
 * not change: the engine uses bytecode and line tables where they lie, which
 * may be read-only memory. They fit only a runtime that has no atoms yet but
 * its own, so this is the time to read them. The heap is usable also without
 * them: *loaded is JS_UNDEFINED when it is too small for the code, and
 * JS_EXCEPTION (with none pending) when that can't be read.
 */
int isere_engine_init_with(isere_heap_t *heap, const isere_port_t *port,
                           size_t size, size_t stack_size, const void *code,
                           size_t code_size, JSValue *loaded);

/* The same in a heap that has its memory already (isere_heap_use). Nothing is
 * deinitialised when it fails. */
int isere_engine_make(isere_heap_t *heap, const void *code, size_t code_size,
                      JSValue *loaded);

/*
 * The same in a heap that has an engine without code already, which was frozen
 * (isere_heap_take): this, too, is to be frozen. Such an engine has atoms, so
 * bytecode of others is copied into the heap.
 */
int isere_engine_load(isere_heap_t *heap, const void *code, size_t code_size,
                      JSValue *loaded);

/*
 * Prepares the heap for its snapshot: collects garbage, if there is room for
 * any in what was allocated since isere_heap_settle, and settles.
 */
void isere_engine_collect(isere_heap_t *heap);

#endif
