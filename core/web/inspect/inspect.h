/*
 * Values as text for people, for logs and error reports. No user code runs.
 */
#ifndef ISERE_CORE_WEB_INSPECT_INSPECT_H
#define ISERE_CORE_WEB_INSPECT_INSPECT_H

#include "isere/isere.h"
#include "quickjs.h"

/*
 * Text for people of any value, as console.log and error reports print it:
 * UTF-8, errors with their stack and causes, strings as they are. Calls no
 * user code: no getter, no toString, no Proxy trap. Cut at ISERE_LOG_LINE_MAX
 * bytes with a note. Returns a string ended by NUL that the caller frees with
 * js_free, its length in *len, or NULL with an exception pending (memory,
 * stack or interrupt).
 */
char *isere_inspect_text(JSContext *ctx, JSValueConst value, size_t *len);

/*
 * Fills a fault from a thrown value: "Name: message", the stack, and the
 * place of its first line. Calls no user code and leaves no exception
 * pending. The heap's thread.
 */
void isere_inspect_fault(JSContext *ctx, JSValueConst thrown,
                         isere_fault_t *fault);

/* What is to be said behind a message "ReferenceError: 'x' is not defined"; ""
 * when there is nothing to add. Pure; any thread. */
const char *isere_inspect_hint(isere_slice_t message);

#endif
