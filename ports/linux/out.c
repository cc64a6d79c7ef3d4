/* Buffered text output that never allocates for a descriptor: logs must work
 * when memory has run out. */
#include "ports/linux/out.h"
#include "core/util/writer.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

void isere_out_init(isere_out_t *out, int fd, char *buffer, size_t size)
{
    out->fd = fd;
    out->buffer = buffer;
    out->size = size;
    out->used = 0;
    out->failed = false;
    out->stalled = false;
    out->patience_ms = -1;
}

void isere_out_memory(isere_out_t *out)
{
    isere_out_init(out, -1, NULL, 0);
}

/* Doubles the buffer in memory. When out of memory, all further text is
 * dropped. */
static void grow(isere_out_t *out)
{
    size_t size = out->size ? 2 * out->size : 4096;
    char *buffer = out->failed ? NULL : realloc(out->buffer, size);
    if (!buffer) {
        out->failed = true;
        out->used = 0;
        return;
    }
    out->buffer = buffer;
    out->size = size;
}

/* Whether a write would not block. Errors show in the write. */
static bool has_room(const isere_out_t *out)
{
    struct pollfd ready = {.fd = out->fd, .events = POLLOUT};
    /* With patience 0 poll only asks. */
    return out->patience_ms < 0 || poll(&ready, 1, out->patience_ms) != 0;
}

/* Whether a failed write is worth another try. Another program may have made
 * the terminal non-blocking: then this waits. */
static bool try_again(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (errno == EAGAIN) {
        (void)poll(&ready, 1, 1000);
        return (ready.revents & POLLOUT) != 0;
    }
    return errno == EINTR;
}

bool isere_out_flush(isere_out_t *out)
{
    size_t done = 0;
    if (out->fd < 0) {
        return !out->failed;
    }
    while (done < out->used && !out->failed) {
        ssize_t n;
        if (!has_room(out)) {
            out->stalled = true;
            out->failed = true;
            break;
        }
        n = write(out->fd, out->buffer + done, out->used - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || !try_again(out->fd)) {
            out->failed = true;
        }
    }
    out->used = 0;
    return !out->failed;
}

static void make_room(isere_out_t *out)
{
    if (out->fd < 0) {
        grow(out);
    } else {
        isere_out_flush(out);
    }
}

void isere_out_bytes(isere_out_t *out, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > 0) {
        size_t room = out->size - out->used;
        size_t part = len < room ? len : room;
        if (part > 0) {
            memcpy(out->buffer + out->used, from, part);
        }
        out->used += part;
        from += part;
        len -= part;
        if (out->used == out->size) {
            make_room(out);
        }
        if (out->size == 0) {
            return; /* in memory, and there is none */
        }
    }
}

void isere_out_text(isere_out_t *out, const char *text)
{
    isere_out_bytes(out, text, strlen(text));
}

/* ---- texts that are escaped ---- */

static void take(void *arg, isere_slice_t text)
{
    isere_out_bytes(arg, text.ptr, text.len);
}

static void put_escaped(isere_out_t *out, isere_slice_t text,
                        void (*put)(isere_writer_t *w, isere_slice_t text))
{
    char buf[256];
    isere_writer_t w = isere_writer_stream(buf, sizeof(buf), take, out);
    put(&w, text);
    isere_writer_flush(&w);
}

void isere_out_escaped(isere_out_t *out, isere_slice_t text)
{
    put_escaped(out, text, isere_writer_line);
}

void isere_out_json(isere_out_t *out, isere_slice_t text)
{
    put_escaped(out, text, isere_writer_json_line);
}
