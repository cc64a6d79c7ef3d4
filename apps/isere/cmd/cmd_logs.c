/* isere logs: prints the log lines of a server as they come. */
#include "apps/isere/client/log_line.h"
#include "apps/isere/client/remote.h"
#include "apps/isere/cmd/commands.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Far more than a line of ours can have (ISERE_LOG_LINE_MAX): what is longer
 * comes from some other server. */
#define MAX_LINE ((size_t)1 << 20)

/* Pauses before a server that went away is asked again: they double. */
enum { PAUSE_MIN_MS = 50, PAUSE_MAX_MS = 2000 };

typedef struct logs {
    isere_remote_t remote;
    isere_out_t line; /* in memory: the line so far */
    isere_out_t out;
    char buffer[4096];
    bool failed; /* the reason was printed */
    bool shown;  /* something has come over this connection */
    bool away;   /* it was printed that the server is away */
} logs_t;

/* Lines that the server had to drop, since we were too slow. */
static void put_lost(isere_out_t *out, uint64_t lost)
{
    char text[64];
    snprintf(text, sizeof(text), "(%llu line%s lost)\n",
             (unsigned long long)lost, lost == 1 ? "" : "s");
    isere_out_text(out, text);
}

/* Members that are missing are empty texts, which the line leaves out. */
static void put_line(logs_t *logs)
{
    isere_reply_t *reply = &logs->remote.reply;
    JSValueConst value = reply->value;
    uint64_t lost = isere_reply_number(reply, value, "lost");
    isere_log_line_t line = {
        .time = isere_reply_text(reply, value, "time"),
        .level = isere_reply_text(reply, value, "level"),
        .request_id = isere_reply_text(reply, value, "requestId"),
        .message = isere_reply_text(reply, value, "message"),
    };
    /* A user who asks for one function knows its name. */
    if (!logs->remote.args->function) {
        line.function = isere_reply_text(reply, value, "function");
    }
    if (lost > 0) {
        put_lost(&logs->out, lost);
    }
    if (line.message.ptr) {
        isere_log_line_put(&logs->out, &line);
    }
}

/* A line is complete, without its newline. An empty one is a heartbeat. */
static void show_line(logs_t *logs)
{
    isere_slice_t text;
    if (logs->line.used == 0 && !logs->line.failed) {
        return;
    }
    isere_out_bytes(&logs->line, "", 1); /* a NUL, for the engine */
    text = isere_slice_of(logs->line.buffer, logs->line.used - 1);
    logs->line.used = 0;
    if (logs->line.failed || text.len > MAX_LINE ||
        !isere_reply_parse(&logs->remote.reply, text)) {
        isere_remote_say("http://%s answered, but not as an admin API: is it "
                         "isere serve --store?",
                         logs->remote.url.authority);
        logs->failed = true;
    } else if (logs->remote.args->json) {
        isere_out_bytes(&logs->out, text.ptr, text.len);
        isere_out_text(&logs->out, "\n");
    } else {
        put_line(logs);
    }
}

/* Bytes are printed as they come, not when a buffer is full: the next line may
 * be hours away. */
static bool show(void *arg, isere_slice_t bytes)
{
    logs_t *logs = arg;
    if (logs->away) {
        isere_remote_say("the server is back");
        logs->away = false;
    }
    logs->shown = true;
    while (bytes.len > 0 && !logs->failed) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t len = end ? (size_t)(end - bytes.ptr) : bytes.len;
        isere_out_bytes(&logs->line, bytes.ptr, len);
        if (end || logs->line.used > MAX_LINE) {
            show_line(logs);
        }
        len += end != NULL;
        bytes.ptr += len;
        bytes.len -= len;
    }
    if (isere_remote_finish(&logs->out) != ISERE_EXIT_OK) {
        logs->failed = true;
    }
    return !logs->failed;
}

/* The query of the call. Names and levels need no encoding. */
static void write_query(const isere_args_t *args, char *rest, size_t size)
{
    static const char *const levels[] = {
        [ISERE_LOG_ERROR] = "error",
        [ISERE_LOG_WARN] = "warn",
        [ISERE_LOG_INFO] = "info",
        [ISERE_LOG_DEBUG] = "debug",
    };
    /* Without --level the server decides. */
    bool has_level = isere_args_given(args, "level");
    snprintf(rest, size, "/logs?follow=%d%s%s%s%s", args->remote.follow,
             args->function ? "&function=" : "",
             args->function ? args->function : "", has_level ? "&level=" : "",
             has_level ? levels[args->remote.level] : "");
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A signal ends the program, so it need not be waited on again. */
static void sleep_ms(unsigned ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/*
 * Calls, and calls again when a server that was followed went away (it may be
 * restarting), for at most --wait. The new connection begins with the lines
 * that the server keeps, so none that it logged since its start is missed.
 * Returns whether there is a response.
 */
static bool call_patiently(logs_t *logs, const isere_remote_call_t *call)
{
    isere_remote_t *remote = &logs->remote;
    uint64_t end = 0;
    unsigned pause = PAUSE_MIN_MS;
    while (!isere_remote_call(remote, call)) {
        if (!remote->lost || logs->failed) {
            return false;
        }
        if (logs->shown || !logs->away) {
            isere_remote_say("lost the server, waiting for it to come back");
            end = now_ms() + remote->args->remote.wait;
            pause = PAUSE_MIN_MS;
        }
        logs->away = true;
        logs->shown = false;
        logs->line.used = 0; /* the rest of it will not come */
        if (now_ms() >= end) {
            isere_remote_say("http://%s did not come back",
                             remote->url.authority);
            return false;
        }
        sleep_ms(pause);
        pause = 2 * pause < PAUSE_MAX_MS ? 2 * pause : PAUSE_MAX_MS;
    }
    return true;
}

/* Without --follow the server ends the response after the lines that it
 * keeps. */
static int follow(logs_t *logs)
{
    isere_remote_t *remote = &logs->remote;
    const isere_args_t *args = remote->args;
    char rest[128];
    const isere_remote_call_t call = {.method = "GET", .rest = rest};
    write_query(args, rest, sizeof(rest));
    if (!call_patiently(logs, &call) || !isere_remote_is_fine(remote)) {
        return ISERE_EXIT_FAULT;
    }
    if (logs->line.used > 0 && !logs->failed) {
        (void)show(logs, isere_slice("\n")); /* the newline is missing */
    }
    if (logs->failed) {
        return ISERE_EXIT_FAULT;
    }
    if (args->remote.follow) {
        isere_remote_say("http://%s ended the log", remote->url.authority);
        return ISERE_EXIT_FAULT;
    }
    return ISERE_EXIT_OK;
}

int isere_cmd_logs(const isere_args_t *args)
{
    static logs_t logs; /* too large for a stack */
    int code = isere_remote_open(&logs.remote, args);
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    isere_out_memory(&logs.line);
    isere_out_init(&logs.out, STDOUT_FILENO, logs.buffer, sizeof(logs.buffer));
    logs.failed = logs.shown = logs.away = false;
    logs.remote.stream = show;
    logs.remote.arg = &logs;
    code = follow(&logs);
    free(logs.line.buffer);
    isere_remote_close(&logs.remote);
    return code;
}
