/* Clocks and randomness that repeat. */
#include "core/isolate/replay.h"
#include "core/util/encode/sha256.h"
#include <string.h>

enum { READING_US = 20 };

int isere__replay_begin(isere_replay_t *replay, const isere_port_t *port)
{
    memset(replay, 0, sizeof(*replay));
    replay->wall_us = port->wall_us(port->ctx);
    replay->monotonic_us = port->monotonic_us(port->ctx);
    return port->random(port->ctx, replay->seed, sizeof(replay->seed));
}

void isere__replay_again(isere_replay_t *replay)
{
    replay->drawn = 0;
    replay->elapsed_us = 0;
}

uint64_t isere__replay_monotonic_us(isere_replay_t *replay)
{
    replay->elapsed_us += READING_US;
    return replay->monotonic_us + replay->elapsed_us;
}

int64_t isere__replay_wall_us(isere_replay_t *replay)
{
    replay->elapsed_us += READING_US;
    return replay->wall_us + (int64_t)replay->elapsed_us;
}

void isere__replay_wait(isere_replay_t *replay, uint64_t monotonic_us)
{
    if (monotonic_us > replay->monotonic_us + replay->elapsed_us) {
        replay->elapsed_us = monotonic_us - replay->monotonic_us;
    }
}

void isere__replay_random(isere_replay_t *replay, void *buf, size_t size)
{
    uint8_t *out = buf;
    while (size > 0) {
        uint8_t block[ISERE_SHA256_SIZE];
        isere_sha256_t hash;
        isere_sha256_begin(&hash);
        isere_sha256_add(&hash, replay->seed, sizeof(replay->seed));
        isere_sha256_add(&hash, &replay->drawn, sizeof(replay->drawn));
        isere_sha256_end(&hash, block);
        replay->drawn++;
        size_t part = size < sizeof(block) ? size : sizeof(block);
        memcpy(out, block, part);
        out += part;
        size -= part;
    }
}
