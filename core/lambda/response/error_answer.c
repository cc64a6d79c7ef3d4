/* The constant answers to all errors. The texts are for clients: no file, no
 * line, nothing that an attacker could use. */
#include "core/lambda/response/error_answer.h"

/* The form that API Gateway gives its own errors. */
#define MESSAGE(text) ISERE_SLICE("{\"message\":\"" text "\"}")
#define NO_FIELD                                                               \
    {                                                                          \
        NULL, 0                                                                \
    }

/* 502 and 504 as a proxy in front of the function would say; retry_after only
 * where trying again can help. */
static const isere_error_answer_t handler_answers[ISERE_ERROR_KINDS] = {
    [ISERE_ERROR_EXCEPTION] = {500, ISERE_SLICE("exception"),
                               MESSAGE("The function failed."), NO_FIELD},
    [ISERE_ERROR_MEMORY] = {500, ISERE_SLICE("memory"),
                            MESSAGE("The function ran out of memory."),
                            NO_FIELD},
    [ISERE_ERROR_STACK] = {500, ISERE_SLICE("stack"),
                           MESSAGE("The function ran out of stack."), NO_FIELD},
    [ISERE_ERROR_TIMEOUT] = {504, ISERE_SLICE("timeout"),
                             MESSAGE("The function took too long."), NO_FIELD},
    [ISERE_ERROR_MALFORMED] = {502, ISERE_SLICE("malformed"),
                               MESSAGE("The function returned a malformed "
                                       "response."),
                               NO_FIELD},
    [ISERE_ERROR_BUSY] = {503, ISERE_SLICE("busy"),
                          MESSAGE("Too many requests at once; try again."),
                          ISERE_SLICE("1")},
    [ISERE_ERROR_CRASH] = {500, ISERE_SLICE("crash"),
                           MESSAGE("The function ran into a fault of the "
                                   "server."),
                           NO_FIELD},
    [ISERE_ERROR_QUARANTINED] = {503, ISERE_SLICE("quarantined"),
                                 MESSAGE("The function is quarantined: it "
                                         "crashed repeatedly."),
                                 NO_FIELD},
};

/* To clients the same as a full queue, but that they are told why. */
static const isere_error_answer_t no_memory = {
    503, ISERE_SLICE("busy"),
    MESSAGE("There is not enough memory for the request now; try again."),
    ISERE_SLICE("1")};

static const isere_error_answer_t http_answers[] = {
    {400, NO_FIELD, MESSAGE("The request is malformed."), NO_FIELD},
    {404, NO_FIELD, MESSAGE("Not found."), NO_FIELD},
    {405, NO_FIELD, MESSAGE("The method is not allowed here."), NO_FIELD},
    {408, NO_FIELD, MESSAGE("The request took too long to arrive."), NO_FIELD},
    {411, NO_FIELD, MESSAGE("The request needs a length."), NO_FIELD},
    {413, NO_FIELD, MESSAGE("The request's body is too large."), NO_FIELD},
    {414, NO_FIELD, MESSAGE("The request's target is too long."), NO_FIELD},
    {417, NO_FIELD, MESSAGE("The expectation can't be met."), NO_FIELD},
    {431, NO_FIELD, MESSAGE("The request's header fields are too large."),
     NO_FIELD},
    {501, NO_FIELD,
     MESSAGE("The method or transfer coding is not implemented."), NO_FIELD},
    {503, NO_FIELD, MESSAGE("The service is not available."), ISERE_SLICE("1")},
    {505, NO_FIELD, MESSAGE("The HTTP version is not supported."), NO_FIELD},
};

const isere_error_answer_t *isere_error_answer(isere_error_kind_t kind)
{
    if ((unsigned)kind >= ISERE_ERROR_KINDS) {
        kind = ISERE_ERROR_EXCEPTION;
    }
    return &handler_answers[kind];
}

const isere_error_answer_t *isere_error_answer_no_memory(void)
{
    return &no_memory;
}

/* Only for answers of the first table, which isere_error_answer gave out. */
isere_error_kind_t isere_error_answer_kind(const isere_error_answer_t *answer)
{
    return (isere_error_kind_t)(answer - handler_answers);
}

/* A copy: the status of an unknown one is the caller's. */
isere_error_answer_t isere_error_answer_http(int status)
{
    static const isere_error_answer_t unknown = {
        0, NO_FIELD, MESSAGE("The request failed."), NO_FIELD};
    for (size_t i = 0; i < sizeof http_answers / sizeof http_answers[0]; i++) {
        if (http_answers[i].status == status) {
            return http_answers[i];
        }
    }
    isere_error_answer_t answer = unknown;
    answer.status = status;
    return answer;
}
