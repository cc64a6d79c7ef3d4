/* isere list: prints the functions of a server as a table. */
#include "apps/isere/client/remote.h"
#include "apps/isere/cmd/commands.h"
#include "core/util/names/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS = 4, GAP = 2 }; /* before the routes, which come last */

typedef struct table {
    isere_reply_t *reply;
    isere_out_t out;
    size_t widths[COLUMNS];
    size_t screen; /* columns of the terminal; 0: lines are never wrapped */
} table_t;

/* A row's cells but the last. */
typedef struct row {
    isere_slice_t cells[COLUMNS];
    char version[24];
    char memory[ISERE_UNITS_TEXT_MAX];
} row_t;

/* Cells point into the reply and into the row itself, which must not be
 * copied. */
static void read_row(const table_t *table, JSValueConst function, row_t *row)
{
    isere_reply_t *reply = table->reply;
    /* 0 when there is none. */
    uint64_t memory = isere_reply_number(reply, function, "memory");
    snprintf(
        row->version, sizeof(row->version), "%llu",
        (unsigned long long)isere_reply_number(reply, function, "version"));
    /* A broken function has no heap. */
    snprintf(row->memory, sizeof(row->memory), "-");
    if (memory > 0) {
        isere_units_format_size(memory, row->memory);
    }
    row->cells[0] = isere_reply_text(reply, function, "name");
    row->cells[1] = isere_slice(row->version);
    row->cells[2] = isere_reply_text(reply, function, "status");
    row->cells[3] = isere_slice(row->memory);
}

static void widen(table_t *table, const row_t *row)
{
    for (int i = 0; i < COLUMNS; i++) {
        size_t len = row->cells[i].len;
        /* Names have 32 characters at most, but a hostile server may send
         * anything. */
        len = len < 40 ? len : 40;
        table->widths[i] = len > table->widths[i] ? len : table->widths[i];
    }
}

static void put_spaces(isere_out_t *out, size_t count)
{
    while (count-- > 0) {
        isere_out_text(out, " ");
    }
}

/* At least two spaces between columns, also behind a text that is too long.
 * Widths are of bytes: a name that is escaped is a stranger's, and may stand
 * askew. */
static void put_row(table_t *table, const row_t *row)
{
    for (int i = 0; i < COLUMNS; i++) {
        size_t len = row->cells[i].len, width = table->widths[i];
        isere_out_escaped(&table->out, row->cells[i]);
        put_spaces(&table->out, (len < width ? width - len : 0) + GAP);
    }
}

/* The routes. A line that would be too long is continued below the column;
 * no route is broken. */
static void put_routes(table_t *table, JSValueConst function)
{
    isere_reply_t *reply = table->reply;
    JSValueConst routes = isere_reply_member(reply, function, "routes");
    uint32_t count = isere_reply_count(reply, routes);
    size_t left = 0, at;
    for (int i = 0; i < COLUMNS; i++) {
        left += table->widths[i] + GAP;
    }
    at = left;
    for (uint32_t i = 0; i < count; i++) {
        isere_slice_t route =
            isere_reply_as_text(reply, isere_reply_element(reply, routes, i));
        bool is_last = i + 1 == count;
        if (i > 0 && table->screen > 0 &&
            at + 1 + route.len + !is_last > table->screen) {
            isere_out_text(&table->out, "\n");
            put_spaces(&table->out, left);
            at = left;
        } else if (i > 0) {
            isere_out_text(&table->out, " ");
            at++;
        }
        isere_out_escaped(&table->out, route);
        isere_out_text(&table->out, is_last ? "" : ",");
        at += route.len + !is_last;
    }
    isere_out_text(&table->out, "\n");
}

/* Why a function does not serve. */
static void put_message(table_t *table, JSValueConst function)
{
    isere_slice_t message = isere_reply_text(table->reply, function, "message");
    if (message.len > 0) {
        put_spaces(&table->out, GAP);
        isere_out_escaped(&table->out, message);
        isere_out_text(&table->out, "\n");
    }
}

/* Rows are read twice rather than kept: a server may have any number. */
static void put_table(table_t *table, JSValueConst functions)
{
    static const row_t head = {
        .cells = {ISERE_SLICE("NAME"), ISERE_SLICE("VERSION"),
                  ISERE_SLICE("STATUS"), ISERE_SLICE("MEMORY")}};
    uint32_t count = isere_reply_count(table->reply, functions);
    row_t row;
    /* Two passes: the widths are known only after all rows. */
    widen(table, &head);
    for (uint32_t i = 0; i < count; i++) {
        read_row(table, isere_reply_element(table->reply, functions, i), &row);
        widen(table, &row);
    }
    put_row(table, &head);
    isere_out_text(&table->out, "ROUTES\n");
    for (uint32_t i = 0; i < count; i++) {
        JSValueConst function = isere_reply_element(table->reply, functions, i);
        read_row(table, function, &row);
        put_row(table, &row);
        put_routes(table, function);
        put_message(table, function);
    }
}

static size_t screen_width(void)
{
    struct winsize size;
    /* Not a terminal: `isere list | grep` wants one line for each function. */
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* --json prints what the server sent, so new members are there at once. */
static int print_table(isere_remote_t *remote)
{
    isere_reply_t *reply = &remote->reply;
    JSValueConst functions =
        isere_reply_member(reply, reply->value, "functions");
    table_t table = {.reply = reply, .screen = screen_width()};
    char buffer[4096];
    if (remote->args->json) {
        return isere_remote_print_json(remote);
    }
    /* A success of some other server. */
    if (JS_IsUndefined(functions)) {
        isere_remote_say("http://%s answered without a list of functions",
                         remote->url.authority);
        return ISERE_EXIT_FAULT;
    }
    if (isere_reply_count(reply, functions) == 0) {
        isere_remote_say("http://%s has no functions", remote->url.authority);
        return ISERE_EXIT_OK;
    }
    isere_out_init(&table.out, STDOUT_FILENO, buffer, sizeof(buffer));
    put_table(&table, functions);
    return isere_remote_finish(&table.out);
}

int isere_cmd_list(const isere_args_t *args)
{
    const isere_remote_call_t call = {.method = "GET", .rest = "/functions"};
    isere_remote_t remote;
    int code = isere_remote_open(&remote, args);
    if (code != ISERE_EXIT_OK) {
        return code;
    }
    code = ISERE_EXIT_FAULT;
    if (isere_remote_call(&remote, &call) && isere_remote_is_fine(&remote)) {
        code = print_table(&remote);
    }
    isere_remote_close(&remote);
    return code;
}
