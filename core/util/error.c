/* The texts of error codes. They are for messages: programs compare the
 * codes. */
#include "isere/error.h"

const char *isere_strerror(int error)
{
    if (error >= 0) {
        return "success";
    }
    /* No default: the compiler warns when a code has no text. */
    switch ((isere_error_t)error) {
    case ISERE_ERR_NOMEM:
        return "out of memory";
    case ISERE_ERR_INVAL:
        return "invalid argument or file";
    case ISERE_ERR_IO:
        return "input or output failed";
    case ISERE_ERR_AGAIN:
        return "not ready, try again";
    case ISERE_ERR_CLOSED:
        return "connection closed";
    case ISERE_ERR_TIMEOUT:
        return "timed out";
    case ISERE_ERR_LIMIT:
        return "limit reached";
    case ISERE_ERR_NOENT:
        return "not found";
    case ISERE_ERR_HANDLER:
        return "the handler failed";
    case ISERE_ERR_INUSE:
        return "already in use";
    case ISERE_ERR_CRASH:
        return "the program crashed";
    case ISERE_OK:
        break;
    }
    return "unknown error";
}
