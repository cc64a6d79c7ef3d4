/* The log: each record is one line and, unless it is long, one write, so that
 * lines of several processes are not mixed. */
#include "ports/linux/out.h"
#include "ports/linux/port_linux.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct {
    const char *text;
    const char *json;
} level_names[] = {
    [ISERE_LOG_ERROR] = {"ERROR", "error"},
    [ISERE_LOG_WARN] = {"WARN ", "warn"},
    [ISERE_LOG_INFO] = {"INFO ", "info"},
    [ISERE_LOG_DEBUG] = {"DEBUG", "debug"},
};

/* Keeps records that need several writes whole: workers share a descriptor. */
static pthread_mutex_t whole_record = PTHREAD_MUTEX_INITIALIZER;

/* The time now, as 2026-11-22T19:00:00.000Z. */
static void put_time(isere_out_t *out)
{
    struct timespec now;
    struct tm utc;
    char text[32];
    size_t len;
    clock_gettime(CLOCK_REALTIME, &now);
    /* UTC: servers in several zones write to one log. */
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof(text) - len, ".%03dZ",
             (int)(now.tv_nsec / 1000000));
    isere_out_text(out, text);
}

static void put_text_record(isere_out_t *out, const isere_log_record_t *record,
                            bool functions)
{
    put_time(out);
    isere_out_text(out, " ");
    isere_out_text(out, level_names[record->level].text);
    if (functions && record->function.len > 0) {
        isere_out_text(out, " ");
        isere_out_escaped(out, record->function);
    }
    if (record->request_id.len > 0) {
        isere_out_text(out, " [");
        isere_out_escaped(out, record->request_id);
        isere_out_text(out, "]");
    }
    isere_out_text(out, " ");
    isere_out_escaped(out, record->message);
}

static void put_json_member(isere_out_t *out, const char *name,
                            isere_slice_t value)
{
    if (value.len > 0) {
        isere_out_text(out, name);
        isere_out_json(out, value);
    }
}

/* In members, and whole: programs that read it need not take a line apart. */
static void put_json_access(isere_out_t *out, const isere_access_t *access)
{
    char text[128];
    put_json_member(out, ",\"method\":", access->method);
    put_json_member(out, ",\"target\":", access->target);
    if (access->method.len > 0) {
        isere_out_text(out, access->minor ? ",\"protocol\":\"HTTP/1.1\""
                                          : ",\"protocol\":\"HTTP/1.0\"");
    }
    snprintf(text, sizeof(text),
             ",\"status\":%u,\"bytes\":%llu,\"durationMs\":%llu.%03u",
             (unsigned)access->status, (unsigned long long)access->bytes,
             (unsigned long long)access->duration_us / 1000,
             (unsigned)(access->duration_us % 1000));
    isere_out_text(out, text);
    put_json_member(out, ",\"sourceIp\":", access->peer);
    put_json_member(out, ",\"userAgent\":", access->user_agent);
    isere_out_text(out, access->aborted ? ",\"aborted\":true" : "");
}

static void put_json_record(isere_out_t *out, const isere_log_record_t *record)
{
    isere_out_text(out, "{\"time\":\"");
    put_time(out);
    isere_out_text(out, "\",\"level\":\"");
    isere_out_text(out, level_names[record->level].json);
    isere_out_text(out, "\"");
    if (record->function.len > 0) {
        isere_out_text(out, ",\"function\":");
        isere_out_json(out, record->function);
    }
    if (record->request_id.len > 0) {
        isere_out_text(out, ",\"requestId\":");
        isere_out_json(out, record->request_id);
    }
    if (record->access) {
        put_json_access(out, record->access);
    } else {
        isere_out_text(out, ",\"message\":");
        isere_out_json(out, record->message);
    }
    isere_out_text(out, "}");
}

static void put_record(isere_out_t *out, const isere_log_record_t *record,
                       const isere_linux_config_t *config)
{
    if (config->log_format == ISERE_LOG_JSON) {
        put_json_record(out, record);
    } else {
        put_text_record(out, record, config->log_functions);
    }
    isere_out_text(out, "\n");
}

/* As a function of the program says, which knows what bundles were made of. */
static void put_rewritten(isere_out_t *out, const isere_log_record_t *record,
                          const isere_linux_config_t *config)
{
    isere_log_record_t changed = *record;
    char *text =
        config->log_rewrite ? config->log_rewrite(record->message) : NULL;
    if (text) {
        changed.message = isere_slice(text);
    }
    put_record(out, &changed, config);
    free(text);
}

/*
 * A log that is not read (a full pipe) must not stop the server: after a short
 * wait records are dropped and counted until there is room again. Under the
 * lock.
 */
enum { PATIENCE_MS = 100 };
static unsigned long lost_records;

static void tell_losses(isere_out_t *out, const isere_linux_config_t *config)
{
    char text[64];
    isere_log_record_t record = {.level = ISERE_LOG_WARN};
    if (lost_records == 0) {
        return;
    }
    isere_out_text(out, "\n"); /* the last one may have been cut off */
    snprintf(text, sizeof(text),
             "%lu log lines lost: standard error was not read", lost_records);
    record.message = isere_slice(text);
    put_record(out, &record, config);
}

/* A log that can't be written is lost: there is nowhere to complain to. */
void isere_linux_log(void *ctx, const isere_log_record_t *record)
{
    isere_linux_t *self = ctx;
    int saved = errno;
    isere_out_t out;
    /* Higher numbers are less severe. */
    if (record->level > self->config.log_level && !record->access) {
        return;
    }
    isere_out_init(&out, self->config.log_fd, self->log_buffer,
                   sizeof(self->log_buffer));
    pthread_mutex_lock(&whole_record);
    /* Waits once, not before every record of a log that nobody reads. */
    out.patience_ms = lost_records ? 0 : PATIENCE_MS;
    tell_losses(&out, &self->config);
    put_rewritten(&out, record, &self->config);
    isere_out_flush(&out);
    lost_records = out.stalled ? lost_records + 1 : 0;
    pthread_mutex_unlock(&whole_record);
    errno = saved;
}
