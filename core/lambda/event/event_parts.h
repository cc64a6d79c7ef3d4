/*
 * Values that the event formats and the context share, for their tables
 * (lazy.h). Those named after a field of the request are its text.
 */
#ifndef ISERE_CORE_LAMBDA_EVENT_EVENT_PARTS_H
#define ISERE_CORE_LAMBDA_EVENT_EVENT_PARTS_H

#include "core/lambda/event/lazy.h"

isere_make_t isere__event_make_method;
isere_make_t isere__event_make_path;
isere_make_t isere__event_make_query;
isere_make_t isere__event_make_protocol;
isere_make_t isere__event_make_multi_query; /* the parameters; null for none */
isere_make_t isere__event_make_path_parameters; /* null when there are none */
isere_make_t isere__event_make_raw_body;   /* text or base64; null for none */
isere_make_t isere__event_make_is_base64;  /* which of the two it is */
isere_make_t isere__event_make_user_agent; /* "" when there is none */
isere_make_t isere__event_make_domain;     /* of the Host field */
isere_make_t isere__event_make_domain_prefix;

isere_make_t isere__event_make_request_id;
isere_make_t isere__event_make_route_key;
isere_make_t isere__event_make_source_ip;
isere_make_t isere__event_make_time_epoch; /* milliseconds */
isere_make_t isere__event_make_time; /* for people, as API Gateway writes it */

isere_make_t isere__event_make_function_name;
isere_make_t isere__event_make_account; /* "anonymous" */
isere_make_t isere__event_make_stage;   /* "$default" */

/* requestContext.http: method, path, protocol, sourceIp and userAgent. */
extern const isere_lazy_t isere__event_http_fields[];

#endif
