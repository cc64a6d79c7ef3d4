/*
 * The signals of faults: who gets them.
 *
 * A write to a closed page of a heap is the guard's (guard.h). A fault in a run
 * ends that (exec.h). All others take the way that they would have taken: to
 * the handler that was there before, or they end the program.
 */
#ifndef ISERE_PORTS_LINUX_FAULT_H
#define ISERE_PORTS_LINUX_FAULT_H

#include <stdbool.h>

enum { ISERE_FAULTS = 5 };

extern const int isere_fault_signals[ISERE_FAULTS];

/* "SIGSEGV" and so on. */
const char *isere_fault_name(int number);

/* Makes the handlers ours, where they are not or no longer. Not in the place of
 * one that came later: it may pass on to ours, in a circle. Returns 0 or an
 * errno. Any thread. */
int isere_fault_catch_all(void);

/* The same for one of the signals; whether its handler is ours now. */
bool isere_fault_catch(int number);

#endif
