/* isere rollback, release and remove: one call each, and its result. */
#include "apps/isere/client/remote.h"
#include "apps/isere/cmd/commands.h"
#include <stdio.h>
#include <unistd.h>

/* The function is served now in either case; "released" tells whether it was
 * quarantined before. Older servers don't send it. */
static void tell_released(isere_remote_t *remote)
{
    isere_reply_t *reply = &remote->reply;
    JSValueConst released = isere_reply_member(reply, reply->value, "released");
    if (JS_IsBool(released)) {
        isere_remote_say(JS_VALUE_GET_BOOL(released)
                             ? "'%s' was quarantined, and is served again"
                             : "'%s' was not quarantined",
                         remote->args->function);
    }
}

/* Both commands are a POST without a body; the response is the version that
 * is served now. */
static int post(const isere_args_t *args, const char *rest)
{
    const isere_remote_call_t call = {
        .method = "POST",
        .function = args->function,
        .rest = rest,
    };
    isere_remote_t remote;
    int code = isere_remote_open(&remote, args);
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    code = ISERE_EXIT_FAULT;
    if (isere_remote_call(&remote, &call) && isere_remote_is_fine(&remote)) {
        tell_released(&remote);
        code = isere_remote_print_version(&remote);
    }
    isere_remote_close(&remote);
    return code;
}

int isere_cmd_rollback(const isere_args_t *args)
{
    return post(args, "/rollback");
}

int isere_cmd_release(const isere_args_t *args)
{
    return post(args, "/release");
}

/* The server answers without a body: the object of --json is ours. */
static int print_removed(const isere_args_t *args)
{
    char buffer[256];
    isere_out_t out;
    isere_out_init(&out, STDOUT_FILENO, buffer, sizeof(buffer));
    /* The object tells scripts what was removed. */
    if (args->json) {
        isere_out_text(&out, "{\"name\":");
        isere_out_json(&out, isere_slice(args->function));
        isere_out_text(&out, ",\"removed\":true}\n");
    } else {
        isere_out_text(&out, args->function);
        isere_out_text(&out, " removed\n");
    }
    return isere_remote_finish(&out);
}

int isere_cmd_remove(const isere_args_t *args)
{
    const isere_remote_call_t call = {
        .method = "DELETE", .function = args->function, .rest = ""};
    isere_remote_t remote;
    int code = isere_remote_open(&remote, args);
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    code = ISERE_EXIT_FAULT;
    if (isere_remote_call(&remote, &call) && isere_remote_is_fine(&remote)) {
        code = print_removed(args);
    }
    isere_remote_close(&remote);
    return code;
}
