/* Compression for CompressionStream and DecompressionStream: zlib's. A build
 * that finds no zlib has none. */
#include "ports/linux/zlib/compression.h"
#include "isere/error.h"
#include <limits.h>
#include <string.h>
#include <zlib.h>

typedef struct state {
    z_stream z;
    const isere_compression_memory_t *memory;
    bool decompress;
} state_t;

static void *allocate(void *opaque, uInt count, uInt size)
{
    const isere_compression_memory_t *memory = opaque;
    return memory->alloc(memory->heap, (size_t)count * size);
}

static void release(void *opaque, void *block)
{
    const isere_compression_memory_t *memory = opaque;
    memory->release(memory->heap, block);
}

static int begin(void *memory_of_state, isere_compression_format_t format,
                 bool decompress, const isere_compression_memory_t *memory)
{
    /* zlib's names: 15 bits of window; negative: raw; 16 more: gzip. */
    static const int bits[] = {
        [ISERE_COMPRESSION_DEFLATE] = MAX_WBITS,
        [ISERE_COMPRESSION_DEFLATE_RAW] = -MAX_WBITS,
        [ISERE_COMPRESSION_GZIP] = MAX_WBITS + 16,
    };
    enum { MEMORY_LEVEL = 8 }; /* zlib's default */
    state_t *state = memory_of_state;
    memset(state, 0, sizeof(*state));
    state->decompress = decompress;
    state->z.zalloc = allocate;
    state->z.zfree = release;
    state->z.opaque = (void *)(uintptr_t)memory;
    int result = decompress ? inflateInit2(&state->z, bits[format])
                            : deflateInit2(&state->z, Z_DEFAULT_COMPRESSION,
                                           Z_DEFLATED, bits[format],
                                           MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    return result == Z_OK ? 0 : ISERE_ERR_NOMEM;
}

static uInt at_most(size_t size)
{
    return size < UINT_MAX ? (uInt)size : UINT_MAX;
}

static int step(void *memory_of_state, isere_compression_io_t *io, bool last)
{
    state_t *state = memory_of_state;
    z_stream *z = &state->z;
    uInt in = at_most(io->in_len);
    uInt out = at_most(io->out_len);
    /* zlib reads the input only; it has no const. */
    z->next_in = (Bytef *)(uintptr_t)io->in;
    z->avail_in = in;
    z->next_out = io->out;
    z->avail_out = out;
    int result =
        state->decompress
            ? inflate(z, Z_NO_FLUSH)
            : deflate(z, last && in == io->in_len ? Z_FINISH : Z_NO_FLUSH);
    io->in += in - z->avail_in;
    io->in_len -= in - z->avail_in;
    io->out += out - z->avail_out;
    io->out_len -= out - z->avail_out;
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to do until there is more of either */
        return 0;
    case Z_STREAM_END:
        return 1;
    case Z_MEM_ERROR:
        return ISERE_ERR_NOMEM;
    default: /* Z_DATA_ERROR, Z_NEED_DICT */
        return ISERE_ERR_INVAL;
    }
}

static void end(void *memory_of_state)
{
    state_t *state = memory_of_state;
    if (state->decompress) {
        inflateEnd(&state->z);
    } else {
        deflateEnd(&state->z);
    }
}

const isere_compression_t isere_linux_compression = {
    .state_size = sizeof(state_t),
    .begin = begin,
    .step = step,
    .end = end,
};
