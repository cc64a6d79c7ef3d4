/*
 * Error codes of isère.
 *
 * Functions that can fail return an int: zero or positive is success, one of
 * these negative codes is failure. The numbers are our own, so that they are
 * the same on every operating system; ports translate errno.
 */
#ifndef ISERE_ERROR_H
#define ISERE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum isere_error {
    ISERE_OK = 0,
    ISERE_ERR_NOMEM = -1,   /* memory outside the JavaScript heap ran out */
    ISERE_ERR_INVAL = -2,   /* an argument or a file is invalid */
    ISERE_ERR_IO = -3,      /* reading, writing or a socket failed */
    ISERE_ERR_AGAIN = -4,   /* nothing to do right now, try when ready */
    ISERE_ERR_CLOSED = -5,  /* the other side closed the connection */
    ISERE_ERR_TIMEOUT = -6, /* a deadline passed */
    ISERE_ERR_LIMIT = -7,   /* a configured limit was reached */
    ISERE_ERR_NOENT = -8,   /* no such file, module or function */
    ISERE_ERR_HANDLER = -9, /* the handler's code is at fault */
    ISERE_ERR_INUSE = -10,  /* the address or the name is taken */
    ISERE_ERR_CRASH = -11,  /* isère itself had a fault, which was contained */
} isere_error_t;

/*
 * A short constant English text for an error code; never NULL, never freed.
 * Any thread.
 */
const char *isere_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
