/* The log: puts a record on one line and hands it to Zephyr, which has levels
 * and back ends of its own. */
#include "ports/zephyr/port_zephyr.h"
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

LOG_MODULE_REGISTER(isere, CONFIG_ISERE_LOG_LEVEL);

#ifdef CONFIG_LOG_BUFFER_SIZE
/* Zephyr never logs a line that does not fit its buffer. */
BUILD_ASSERT(CONFIG_ISERE_LOG_LINE + 128 < CONFIG_LOG_BUFFER_SIZE);
#endif

static const char ellipsis[] = "...";

/* The line being put together, of whoever has the lock: two threads log, and
 * their executions. */
static K_MUTEX_DEFINE(in_use);
static struct {
    char text[CONFIG_ISERE_LOG_LINE + sizeof(ellipsis)];
    size_t len;
    bool full;
} line;

static void put(const char *bytes, size_t len)
{
    /* Once something did not fit, nothing shorter is put behind it. */
    if (line.full || len > CONFIG_ISERE_LOG_LINE - line.len) {
        line.full = true;
        return;
    }
    memcpy(line.text + line.len, bytes, len);
    line.len += len;
}

static void put_control(unsigned char c)
{
    char escape[7];
    switch (c) {
    case '\n':
        put("\\n", 2);
        return;
    case '\r':
        put("\\r", 2);
        return;
    case '\t':
        put("\\t", 2);
        return;
    default:
        snprintk(escape, sizeof(escape), "\\u%04x", c);
        put(escape, 6);
    }
}

/* One record is one line, whatever a handler logs. */
static void put_escaped(isere_slice_t text)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    while (p < end && !line.full) {
        unsigned char c = (unsigned char)*p;
        size_t len = 1;
        if (c < 0x20 || c == 0x7f) {
            put_control(c);
        } else {
            /* Whole characters, so that a cut leaves valid UTF-8. */
            while (p + len < end && ((unsigned char)p[len] & 0xc0) == 0x80) {
                len++;
            }
            put(p, len);
        }
        p += len;
    }
}

void isere_zephyr_log(void *ctx, const isere_log_record_t *record)
{
    ARG_UNUSED(ctx);
    k_mutex_lock(&in_use, K_FOREVER);
    line.len = 0;
    line.full = false;
    if (record->request_id.len > 0) {
        put("[", 1);
        put_escaped(record->request_id);
        put("] ", 2);
    }
    put_escaped(record->message);
    /* Room for the dots is beyond CONFIG_ISERE_LOG_LINE. */
    memcpy(line.text + line.len, line.full ? ellipsis : "",
           line.full ? sizeof(ellipsis) : 1);
    /* Zephyr's macros need the level when they are compiled. */
    switch (record->level) {
    case ISERE_LOG_ERROR:
        LOG_ERR("%s", line.text);
        break;
    case ISERE_LOG_WARN:
        LOG_WRN("%s", line.text);
        break;
    case ISERE_LOG_INFO:
        LOG_INF("%s", line.text);
        break;
    default:
        LOG_DBG("%s", line.text);
        break;
    }
    k_mutex_unlock(&in_use);
}
