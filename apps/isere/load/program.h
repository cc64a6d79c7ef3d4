/*
 * A function made from a file as the command line says, with everything it
 * borrows. Thread: that of the port it is loaded with.
 */
#ifndef ISERE_APPS_ISERE_LOAD_PROGRAM_H
#define ISERE_APPS_ISERE_LOAD_PROGRAM_H

#include "apps/isere/args/args.h"
#include "apps/isere/load/files.h"
#include "core/code/bundle.h"
#include "isere/isere.h"
#include "isere/linux.h"

typedef struct isere_program {
    isere_files_t files;
    void *code; /* compiled; NULL when the file was bytecode itself */
    size_t code_size;
    isere_function_t *function;
    bool in_use;                /* see watch.c */
    struct isere_program *next; /* see watch.c */
} isere_program_t;

/* Room for a fault in text. */
#define ISERE_PROGRAM_FAULT_MAX 2048

/*
 * Reads and compiles (or, for bytecode, checks) args->module. Runs no handler
 * code. Returns 0, or ISERE_ERR_* with *fault filled. Release the program in
 * both cases; after a failure its list of files is what was looked for.
 */
int isere_program_load(const isere_port_t *port, const isere_args_t *args,
                       isere_program_t *program, isere_fault_t *fault);
void isere_program_release(const isere_port_t *port, isere_program_t *program);

/* Its bytecode, wherever it is. */
isere_slice_t isere_program_code(const isere_program_t *program);

/* Makes the function of a program that has its bytecode and the list of its
 * files. Returns as isere_program_load. */
int isere_program_create(const isere_port_t *port, const isere_args_t *args,
                         isere_program_t *program, isere_fault_t *fault);

/* Compiles the source args->module to bytecode; for `isere build`. *code is
 * released with port->resize. The rest as above. */
int isere_program_compile(const isere_port_t *port, const isere_args_t *args,
                          isere_program_t *program, void **code, size_t *size,
                          isere_fault_t *fault);

/* Room for a function's name. */
#define ISERE_PROGRAM_NAME_MAX ISERE_BUNDLE_NAME_MAX

/* The name of a program's function, if nothing else gives it one: that of its
 * main file without the extension. */
void isere_program_name(const isere_program_t *program,
                        char name[ISERE_PROGRAM_NAME_MAX]);

/* "file:line:column: message" and, from the second line on, the stack. */
void isere_program_fault_text(const isere_fault_t *fault,
                              char text[ISERE_PROGRAM_FAULT_MAX]);

/* The same to stderr, for people; the error itself when there is no text. */
void isere_program_print_fault(const isere_fault_t *fault, int error);

/* The port's configuration that the command line asks for. */
isere_linux_config_t isere_program_port_config(const isere_args_t *args);

/* Makes the calling thread's port, or says on stderr why there is none. */
int isere_program_port_init(isere_port_t *port, const isere_args_t *args);

#endif
