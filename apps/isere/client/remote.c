/* What all commands that talk to a server share: options to URL and token, one
 * call of its HTTP API, and messages about what went wrong. */
#include "apps/isere/client/remote.h"
#include "apps/isere/load/files.h"
#include "apps/isere/load/program.h"
#include "core/http/chars.h"
#include "core/http/response.h"
#include "core/util/encode/percent.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOKEN_LEN 64                  /* hexadecimal digits */
#define MAX_ANSWER ((size_t)16 << 20) /* bytes that are kept of an answer */
#define CONNECT_MS 10000

/* ---- words ---- */

/* `command`: "" or " deploy". */
static void say(const char *command, const char *format, va_list list)
{
    char text[2048], buffer[1024];
    isere_out_t out;
    /* The whole text is escaped, ours along with the server's: it contains
     * nothing that escaping would change. */
    vsnprintf(text, sizeof(text), format, list);
    isere_out_init(&out, STDERR_FILENO, buffer, sizeof(buffer));
    isere_out_text(&out, "isere");
    isere_out_text(&out, command);
    isere_out_text(&out, ": ");
    isere_out_escaped(&out, isere_slice(text));
    isere_out_text(&out, "\n");
    isere_out_flush(&out);
}

void isere_remote_say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say("", format, list);
    va_end(list);
}

/* Not in scripts: there stderr is for errors. */
void isere_remote_progress(const char *format, ...)
{
    va_list list;
    if (isatty(STDERR_FILENO)) {
        va_start(list, format);
        say("", format, list);
        va_end(list);
    }
}

/* As args.c says it, so that all usage errors look alike. */
int isere_remote_usage(const isere_args_t *args, const char *format, ...)
{
    const char *name = isere_command_infos[args->command].name;
    char command[32], text[1536];
    va_list list;
    snprintf(command, sizeof(command), " %s", name);
    /* This is a format again: the name is one of ours, without a %. */
    snprintf(text, sizeof(text), "%s (see isere %s --help)", format, name);
    va_start(list, format);
    say(command, text, list);
    va_end(list);
    return ISERE_EXIT_USAGE;
}

int isere_remote_finish(isere_out_t *out)
{
    if (!isere_out_flush(out)) {
        isere_remote_say("cannot write to standard output");
        return ISERE_EXIT_FAULT;
    }
    return ISERE_EXIT_OK;
}

/* ---- which server ---- */

/* An empty variable is one that is not set, as with most programs. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* --to comes before the environment. */
static int read_url(isere_remote_t *remote)
{
    const isere_args_t *args = remote->args;
    const char *text =
        args->remote.to ? args->remote.to : environment("ISERE_URL");
    const char *wrong;
    if (!text) {
        return isere_remote_usage(
            args, "which server? Give --to http://HOST[:PORT], or "
                  "set ISERE_URL");
    }
    wrong = isere_client_url_parse(&remote->url, text);
    return wrong ? isere_remote_usage(args, "%s '%s' %s",
                                      args->remote.to ? "--to" : "ISERE_URL",
                                      text, wrong)
                 : ISERE_EXIT_OK;
}

/* Only what looks like a token is sent: --token-file may name any file, and its
 * content must not leak to a server. */
static int set_token(isere_remote_t *remote, const char *from,
                     isere_slice_t text)
{
    /* Editors and `echo` end a file with a newline. */
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1])) {
        text.len--;
    }
    if (text.len != TOKEN_LEN || !isere_http_all(text, ISERE_HTTP_HEX)) {
        isere_remote_say("%s does not contain a token: a token has %d "
                         "hexadecimal digits",
                         from, TOKEN_LEN);
        return remote->args->token_file ? ISERE_EXIT_FAULT : ISERE_EXIT_USAGE;
    }
    memcpy(remote->token, text.ptr, TOKEN_LEN);
    remote->token[TOKEN_LEN] = '\0';
    remote->token_from = from;
    return ISERE_EXIT_OK;
}

static int read_token_file(isere_remote_t *remote, const char *path)
{
    size_t size;
    char *text;
    int code;
    if (isere_files_read(path, &text, &size) != 0) {
        isere_remote_say("cannot read %s: %s", path, strerror(errno));
        return ISERE_EXIT_FAULT;
    }
    code = set_token(remote, path, isere_slice_of(text, size));
    /* The file's bytes contained the token. */
    explicit_bzero(text, size);
    free(text);
    return code;
}

static int read_token(isere_remote_t *remote)
{
    const char *text;
    if (remote->args->token_file) {
        return read_token_file(remote, remote->args->token_file);
    }
    text = environment("ISERE_TOKEN");
    return text ? set_token(remote, "ISERE_TOKEN", isere_slice(text))
                : ISERE_EXIT_OK;
}

int isere_remote_open(isere_remote_t *remote, const isere_args_t *args)
{
    int code;
    memset(remote, 0, sizeof(*remote));
    remote->args = args;
    isere_out_memory(&remote->body);
    code = read_url(remote);
    if (code == ISERE_EXIT_OK) {
        code = read_token(remote);
    }
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    if (isere_program_port_init(&remote->port, args) != 0) {
        return ISERE_EXIT_FAULT;
    }
    if (isere_reply_init(&remote->reply, &remote->port) != 0) {
        isere_remote_say("%s", isere_strerror(ISERE_ERR_NOMEM));
        isere_linux_port_deinit(&remote->port);
        return ISERE_EXIT_FAULT;
    }
    return ISERE_EXIT_OK;
}

void isere_remote_close(isere_remote_t *remote)
{
    /* Not memset, which the compiler may drop: nobody reads the token again. */
    explicit_bzero(remote->token, sizeof(remote->token));
    free(remote->body.buffer);
    isere_reply_deinit(&remote->reply);
    isere_linux_port_deinit(&remote->port);
}

/* ---- calls ---- */

/* false stops the client: more than MAX_ANSWER is no answer of a admin
 * API. */
static bool take(isere_client_response_t *response, isere_slice_t bytes)
{
    isere_remote_t *remote = response->arg;
    /* Only the body of a success is streamed. Others contain an error message
     * and are kept whole. */
    if (remote->stream && response->status == 200) {
        return remote->stream(remote->arg, bytes);
    }
    isere_out_bytes(&remote->body, bytes.ptr, bytes.len);
    return !remote->body.failed && remote->body.used <= MAX_ANSWER;
}

/* The path and query of a call; false when they do not fit. */
static bool write_target(const isere_remote_call_t *call, char *target,
                         size_t size)
{
    char name[3 * 64 + 1] = "";
    if (call->function) {
        size_t len = strlen(call->function);
        if (len > 64) {
            return false;
        }
        /* The built-in function's name begins with '$', which a path may
         * contain. All others were checked with the command line. */
        size_t plain = call->function[0] == '$';
        name[0] = call->function[0];
        len = plain + isere_percent_encode(call->function + plain, len - plain,
                                           name + plain);
        name[len] = '\0';
    }
    return snprintf(target, size, "/_isere/v1%s%s%s",
                    call->function ? "/functions/" : "", name,
                    call->rest) < (int)size;
}

/* A success of an admin API has a JSON object, or no body at all. */
static bool read_body(isere_remote_t *remote)
{
    int status = remote->response.status;
    isere_out_bytes(&remote->body, "", 1); /* a NUL, for the engine */
    if (remote->body.failed || remote->body.used - 1 > MAX_ANSWER) {
        isere_remote_say("http://%s sent a response that is too long",
                         remote->url.authority);
        return false;
    }
    remote->body.used--;
    remote->is_object = isere_reply_parse(
        &remote->reply, isere_slice_of(remote->body.buffer, remote->body.used));
    /* Some other server answers on that port: its success says nothing. */
    if (status >= 200 && status < 300 && status != 204 && !remote->is_object) {
        isere_remote_say("http://%s answered, but not as an admin API: is it "
                         "isere serve --store?",
                         remote->url.authority);
        return false;
    }
    return true;
}

bool isere_remote_call(isere_remote_t *remote, const isere_remote_call_t *call)
{
    char target[512], reason[ISERE_CLIENT_REASON_MAX];
    isere_client_request_t request = {
        .url = &remote->url,
        .method = call->method,
        .target = target,
        .token = remote->token_from ? remote->token : NULL,
        .type = call->type,
        .body = call->body,
        .connect_ms = CONNECT_MS,
        .head_ms = (int)remote->args->remote.wait,
        .silence_ms = (int)remote->args->remote.wait,
        .progress = call->progress,
    };
    if (remote->stream && remote->args->remote.follow) {
        request.silence_ms = -1; /* a quiet server logs nothing for long */
    }
    remote->body.used = 0;
    remote->is_object = false;
    remote->lost = false;
    isere_client_response_init(&remote->response, take, remote);
    if (!write_target(call, target, sizeof(target))) {
        isere_remote_say("the function's name is too long");
        return false;
    }
    int error = isere_client_call(&request, &remote->response, reason);
    if (remote->stream && remote->response.status == 200 &&
        remote->args->remote.follow) {
        remote->patient = true;
    }
    if (error != 0) {
        /* Once lines have come, the server exists, so a lost connection is most
         * likely a restart: the caller tries again and says so itself. */
        remote->lost = remote->patient;
        if (remote->lost) {
            return false;
        }
        isere_remote_say("%s", reason);
        /* A GET can simply be sent again. A change may have been made before
         * the answer was lost. */
        if (error == ISERE_ERR_TIMEOUT && strcmp(call->method, "GET") != 0) {
            isere_remote_say("the change may have been made: see isere list");
        }
        return false;
    }
    return (remote->stream && remote->response.status == 200) ||
           read_body(remote);
}

/* ---- error responses ---- */

/* The two causes need different remedies. Neither message shows anything of
 * the token. */
static void say_unauthorized(const isere_remote_t *remote)
{
    const char *server = remote->url.authority;
    if (!remote->token_from) {
        isere_remote_say(
            "http://%s requires a token: give --token-file FILE, or "
            "set ISERE_TOKEN (401)",
            server);
    } else {
        isere_remote_say("http://%s refuses the token in %s (401)", server,
                         remote->token_from);
    }
}

/* Not followed, since the token would go to another server. */
static void say_redirected(const isere_remote_t *remote)
{
    isere_slice_t to = remote->response.location;
    isere_remote_say("http://%s redirects to '%.*s', which isere does "
                     "not follow (%d)",
                     remote->url.authority, (int)to.len, to.ptr,
                     remote->response.status);
}

/* The server's own words where it has some; else the status explains itself. */
bool isere_remote_is_fine(isere_remote_t *remote)
{
    int status = remote->response.status;
    const char *server = remote->url.authority;
    isere_slice_t message = isere_slice(NULL);
    if (status < 300) {
        return true;
    }
    if (remote->is_object) {
        message =
            isere_reply_text(&remote->reply, remote->reply.value, "message");
    }
    if (status == 401) {
        say_unauthorized(remote);
    } else if (status < 400) {
        say_redirected(remote);
    } else if (message.ptr) {
        isere_remote_say("http://%s: %.*s (%d)", server, (int)message.len,
                         message.ptr, status);
    } else if (status == 404) {
        isere_remote_say("http://%s has no admin API (404): is it isere "
                         "serve --store?",
                         server);
    } else {
        isere_remote_say("http://%s answers %d %s", server, status,
                         isere_http_reason(status));
    }
    return false;
}

/* ---- results ---- */

int isere_remote_print_json(isere_remote_t *remote)
{
    char buffer[4096];
    isere_out_t out;
    isere_out_init(&out, STDOUT_FILENO, buffer, sizeof(buffer));
    isere_out_bytes(&out, remote->body.buffer, remote->body.used);
    if (remote->body.used == 0 ||
        remote->body.buffer[remote->body.used - 1] != '\n') {
        isere_out_text(&out, "\n");
    }
    return isere_remote_finish(&out);
}

/* The address that the first route serves, up to its first parameter. */
static void put_address(isere_out_t *out, isere_remote_t *remote,
                        isere_slice_t route)
{
    const char *path = route.len > 0 ? memchr(route.ptr, '/', route.len) : NULL;
    size_t len = path ? (size_t)(route.ptr + route.len - path) : 0;
    const char *brace = path ? memchr(path, '{', len) : NULL;
    isere_out_text(out, "http://");
    isere_out_text(out, remote->url.authority);
    if (brace) {
        len = (size_t)(brace - path);
    }
    if (path) {
        isere_out_escaped(out, isere_slice_of(path, len));
    } else {
        isere_out_text(out, "/");
    }
}

/* The result of deploy, rollback and release: name, version, an address to try,
 * all routes. */
int isere_remote_print_version(isere_remote_t *remote)
{
    isere_reply_t *reply = &remote->reply;
    JSValueConst routes = isere_reply_member(reply, reply->value, "routes");
    char buffer[4096], version[32];
    isere_out_t out;
    if (remote->args->json) {
        return isere_remote_print_json(remote);
    }
    snprintf(
        version, sizeof(version), " version %llu at ",
        (unsigned long long)isere_reply_number(reply, reply->value, "version"));
    isere_out_init(&out, STDOUT_FILENO, buffer, sizeof(buffer));
    isere_out_escaped(&out, isere_reply_text(reply, reply->value, "name"));
    isere_out_text(&out, version);
    put_address(
        &out, remote,
        isere_reply_as_text(reply, isere_reply_element(reply, routes, 0)));
    isere_out_text(&out, "\n");
    for (uint32_t i = 0; i < isere_reply_count(reply, routes); i++) {
        isere_out_text(&out, "  ");
        isere_out_escaped(
            &out,
            isere_reply_as_text(reply, isere_reply_element(reply, routes, i)));
        isere_out_text(&out, "\n");
    }
    return isere_remote_finish(&out);
}
