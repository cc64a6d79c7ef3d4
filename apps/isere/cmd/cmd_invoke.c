/* isere invoke: runs a function once, without a server. */
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/event_file.h"
#include "apps/isere/load/program.h"
#include "apps/isere/serve/thread.h"
#include "core/util/encode/base64.h"
#include "core/util/utf8.h"
#include "ports/linux/out.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* ---- the response as JSON ---- */

/* Field names ignore case: RFC 9110, section 5.1. */
static bool same_name(isere_slice_t a, isere_slice_t b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* The first field from `from` on with that name, or nfields. All of them
 * together are quadratic, over as many fields as a response may have. */
static size_t find_field(const isere_result_t *result, size_t from,
                         isere_slice_t name)
{
    while (from < result->nfields &&
           !same_name(result->fields[from].name, name)) {
        from++;
    }
    return from;
}

/* A field's value: each byte is a character up to U+00FF, as over HTTP. Each
 * takes two bytes of UTF-8 at most. */
static void put_value(isere_out_t *out, isere_slice_t value)
{
    char *text = malloc(2 * value.len + 1);
    size_t len = 0;
    if (!text) {
        isere_out_text(out, "null");
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        len += isere_utf8_encode((unsigned char)value.ptr[i], text + len);
    }
    isere_out_json(out, isere_slice_of(text, len));
    free(text);
}

/* A value, or the array of all values of its name. */
static void put_values(isere_out_t *out, const isere_result_t *result,
                       size_t first)
{
    isere_slice_t name = result->fields[first].name;
    /* As API Gateway has it: one value is a string, several are an array. */
    bool array = find_field(result, first + 1, name) < result->nfields;
    const char *before = array ? "[" : "";
    for (size_t i = first; i < result->nfields;
         i = find_field(result, i + 1, name)) {
        isere_out_text(out, before);
        put_value(out, result->fields[i].value);
        before = ",";
    }
    isere_out_text(out, array ? "]" : "");
}

/* An object has each name once, in the spelling of its first field. */
static void put_headers(isere_out_t *out, const isere_result_t *result)
{
    const char *before = "";
    isere_out_text(out, "{");
    for (size_t i = 0; i < result->nfields; i++) {
        isere_slice_t name = result->fields[i].name;
        if (find_field(result, 0, name) < i) {
            continue; /* printed with the first of its name */
        }
        isere_out_text(out, before);
        isere_out_json(out, name);
        isere_out_text(out, ":");
        put_values(out, result, i);
        before = ",";
    }
    /* A server adds this field to the response (docs/api.md). */
    if (result->error) {
        isere_out_text(out, before);
        isere_out_text(out, "\"Isere-Error\":");
        isere_out_json(out, isere_slice(result->error));
    }
    isere_out_text(out, "}");
}

/* In pieces of whole groups, so that only the end has padding. */
static void put_base64(isere_out_t *out, isere_slice_t bytes)
{
    char text[ISERE_BASE64_ENCODED(300) + 1];
    while (bytes.len > 0) {
        size_t part = bytes.len < 300 ? bytes.len : 300; /* a multiple of 3 */
        isere_out_bytes(out, text, isere_base64_encode(bytes.ptr, part, text));
        bytes.ptr += part;
        bytes.len -= part;
    }
}

/* The form of a Lambda response, so that it can be compared with one. */
static bool print_result(const isere_result_t *result)
{
    char buffer[4096], status[40];
    isere_out_t out;
    isere_out_init(&out, STDOUT_FILENO, buffer, sizeof(buffer));
    snprintf(status, sizeof(status),
             "{\"statusCode\":%d,\"headers\":", result->status);
    isere_out_text(&out, status);
    put_headers(&out, result);
    isere_out_text(&out, ",\"body\":");
    if (result->body_is_text || result->body.len == 0) {
        isere_out_json(&out, result->body);
        isere_out_text(&out, ",\"isBase64Encoded\":false}\n");
    } else {
        isere_out_text(&out, "\"");
        put_base64(&out, result->body);
        isere_out_text(&out, "\",\"isBase64Encoded\":true}\n");
    }
    return isere_out_flush(&out);
}

/* ---- the invocation ---- */

static int invoke(isere_instance_t *instance, const char *event, size_t size)
{
    isere_request_t request = {0};
    isere_result_t result;
    int error;
    if (event) {
        request.event_json = isere_slice_of(event, size);
    }
    error = isere_instance_invoke(instance, &request, &result);
    if (error != 0) {
        fprintf(stderr, "isere: cannot invoke: %s\n", isere_strerror(error));
        return error;
    }
    if (!print_result(&result)) {
        fputs("isere: cannot write to standard output\n", stderr);
        return ISERE_ERR_IO;
    }
    /* The reason is in the log, on stderr, already. */
    return result.error ? ISERE_ERR_HANDLER : 0;
}

/* What the thread gets, and its result. */
typedef struct job {
    const isere_args_t *args;
    char *event;
    size_t size;
    int error;
} job_t;

/* As a server does: load, init phase, invoke. */
static int run(const isere_port_t *port, const job_t *job)
{
    isere_instance_t *instance = NULL;
    isere_program_t program;
    isere_fault_t fault;
    int error = isere_program_load(port, job->args, &program, &fault);
    if (error == 0) {
        error =
            isere_instance_create(port, program.function, &instance, &fault);
    }
    if (error != 0) {
        isere_program_print_fault(&fault, error);
    } else {
        error = invoke(instance, job->event, job->size);
    }
    /* NULL is fine for both. */
    isere_instance_destroy(instance);
    isere_program_release(port, &program);
    return error;
}

static void *job_main(void *arg)
{
    job_t *job = arg;
    isere_port_t port;
    job->error = isere_program_port_init(&port, job->args);
    if (job->error == 0) {
        job->error = run(&port, job);
        isere_linux_port_deinit(&port);
    }
    return NULL;
}

/* In a thread of its own: --stack may ask for more than main has. */
int isere_cmd_invoke(const isere_args_t *args)
{
    job_t job = {.args = args};
    pthread_t thread;
    int error = isere_event_file_read(args, &job.event, &job.size);
    if (error == 0) {
        error = isere_thread_start(&thread, (size_t)args->settings.stack,
                                   job_main, &job);
    }
    if (error == 0) {
        pthread_join(thread, NULL);
        error = job.error;
    }
    free(job.event);
    return error == 0 ? ISERE_EXIT_OK : ISERE_EXIT_FAULT;
}
