/* What a function is made of, for the core's own files. */
#ifndef ISERE_CORE_ISOLATE_FUNCTION_H
#define ISERE_CORE_ISOLATE_FUNCTION_H

#include "core/code/bundle.h"
#include "core/lambda/invocation.h"
#include "isere/isere.h"

struct isere_function {
    isere_port_t port; /* for its memory functions */
    isere_function_config_t config;
    isere_function_info_t info;
    isere_bundle_t bundle;
};

static inline uint64_t
isere_function_timeout_us(const isere_function_t *function)
{
    return (uint64_t)function->config.timeout_ms * 1000;
}

#endif
