/* isere invoke-remote: runs a function once on a server, without a route. */
#include "apps/isere/client/log_line.h"
#include "apps/isere/client/remote.h"
#include "apps/isere/cmd/commands.h"
#include "apps/isere/load/event_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The log lines come with the response. They go to stderr, as those of `isere
 * invoke` do. */
static void print_logs(isere_reply_t *reply)
{
    JSValueConst logs = isere_reply_member(reply, reply->value, "logs");
    isere_slice_t id = isere_reply_text(reply, reply->value, "requestId");
    uint32_t count = isere_reply_count(reply, logs);
    char buffer[1024];
    isere_out_t out;
    isere_out_init(&out, STDERR_FILENO, buffer, sizeof(buffer));
    for (uint32_t i = 0; i < count; i++) {
        JSValueConst entry = isere_reply_element(reply, logs, i);
        isere_log_line_t line = {
            .time = isere_reply_text(reply, entry, "time"),
            .level = isere_reply_text(reply, entry, "level"),
            .request_id = id,
            .message = isere_reply_text(reply, entry, "message"),
        };
        isere_log_line_put(&out, &line);
    }
    isere_out_flush(&out);
}

/* Printed as `isere invoke` does, so that scripts work with both. */
static int print_result(isere_remote_t *remote)
{
    isere_reply_t *reply = &remote->reply;
    isere_slice_t json = isere_reply_json(
        reply, isere_reply_member(reply, reply->value, "result"));
    char buffer[4096];
    isere_out_t out;
    /* An admin API always answers with a result, so this is another server,
     * or we are out of memory. */
    if (!json.ptr) {
        isere_remote_say("http://%s answered without a result",
                         remote->url.authority);
        return ISERE_EXIT_FAULT;
    }
    isere_out_init(&out, STDOUT_FILENO, buffer, sizeof(buffer));
    isere_out_bytes(&out, json.ptr, json.len);
    isere_out_text(&out, "\n");
    return isere_remote_finish(&out);
}

/* A handler that failed has a response, too; "error" says of which kind. */
static int check_error(isere_reply_t *reply)
{
    isere_slice_t error = isere_reply_text(reply, reply->value, "error");
    isere_slice_t why = isere_reply_text(reply, reply->value, "message");
    if (!error.ptr) {
        return ISERE_EXIT_OK;
    }
    isere_remote_say("the handler failed (%.*s)%s%.*s", (int)error.len,
                     error.ptr, why.len > 0 ? ": " : "", (int)why.len,
                     why.len > 0 ? why.ptr : "");
    return ISERE_EXIT_FAULT;
}

static int invoke(isere_remote_t *remote, isere_slice_t event)
{
    const isere_remote_call_t call = {
        .method = "POST",
        .function = remote->args->function,
        .rest = "/invoke",
        .type = event.ptr ? "application/json" : NULL,
        .body = event,
    };
    int code, failed;
    if (!isere_remote_call(remote, &call) || !isere_remote_is_fine(remote)) {
        return ISERE_EXIT_FAULT;
    }
    if (remote->args->json) {
        code = isere_remote_print_json(remote);
    } else {
        print_logs(&remote->reply);
        code = print_result(remote);
    }
    /* Also with --json: the exit code must not depend on the format. */
    failed = check_error(&remote->reply);
    return code == ISERE_EXIT_OK ? failed : code;
}

int isere_cmd_invoke_remote(const isere_args_t *args)
{
    isere_remote_t remote;
    char *event = NULL;
    size_t size = 0;
    int code = isere_remote_open(&remote, args);
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    code = ISERE_EXIT_FAULT;
    /* Before the call: a bad event is found without the server. Nothing has
     * run by then. */
    if (isere_event_file_read(args, &event, &size) == 0) {
        code = invoke(&remote, isere_slice_of(event, size));
    }
    free(event);
    isere_remote_close(&remote);
    return code;
}
