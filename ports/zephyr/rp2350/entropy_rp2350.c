/*
 * The RP2350's true random number generator as a Zephyr entropy device. All of
 * its own checks stay on (von Neumann corrector, repetition and autocorrelation
 * tests): when one fails the generator is reset and sampled more slowly.
 * RP2350 datasheet, section 12.12.
 */
#define DT_DRV_COMPAT isere_rp2350_trng

#include <hardware/structs/trng.h>
#include <string.h>
#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/drivers/reset.h>
#include <zephyr/kernel.h>

enum {
    /* System clocks from one sample of the ring oscillator to the next: few
     * make neighbours alike, which the tests then refuse. */
    FIRST_INTERVAL = 32,
    LAST_INTERVAL = 8192,
    ERRORS = TRNG_RNG_ISR_VN_ERR_BITS | TRNG_RNG_ISR_CRNGT_ERR_BITS |
             TRNG_RNG_ISR_AUTOCORR_ERR_BITS,
};

static K_MUTEX_DEFINE(in_use);
static const struct reset_dt_spec block = RESET_DT_SPEC_INST_GET(0);

static void start(uint32_t interval)
{
    trng_hw->rnd_source_enable = 0;
    trng_hw->trng_sw_reset = 1;
    /* The reset takes some clocks; what is written meanwhile is lost. */
    do {
        trng_hw->sample_cnt1 = interval;
    } while (trng_hw->sample_cnt1 != interval);
    trng_hw->rng_icr = UINT32_MAX;
    trng_hw->rnd_source_enable = TRNG_RND_SOURCE_ENABLE_RND_SRC_EN_BITS;
}

/* Waits for 192 bits. False when a test failed, or none came in the time in
 * which ten times as many should have. */
static bool collect(uint32_t words[6], uint32_t interval)
{
    for (uint32_t i = 0; i < interval * 192 * 10; i++) {
        uint32_t status = trng_hw->rng_isr;
        if (status & ERRORS) {
            return false;
        }
        if (status & TRNG_RNG_ISR_EHR_VALID_BITS) {
            for (int k = 0; k < 6; k++) {
                words[k] = trng_hw->ehr_data[k];
            }
            trng_hw->rng_icr = TRNG_RNG_ICR_EHR_VALID_BITS;
            return true;
        }
    }
    return false;
}

static int get_entropy(const struct device *device, uint8_t *buffer,
                       uint16_t length)
{
    uint32_t interval = FIRST_INTERVAL;
    uint32_t words[6];
    ARG_UNUSED(device);
    k_mutex_lock(&in_use, K_FOREVER);
    start(interval);
    while (length > 0 && interval <= LAST_INTERVAL) {
        if (!collect(words, interval)) {
            interval *= 2;
            start(interval);
            continue;
        }
        uint16_t part = MIN(length, sizeof(words));
        memcpy(buffer, words, part);
        buffer += part;
        length -= part;
    }
    trng_hw->rnd_source_enable = 0;
    memset(words, 0, sizeof(words));
    k_mutex_unlock(&in_use);
    return length > 0 ? -EIO : 0;
}

static int init(const struct device *device)
{
    ARG_UNUSED(device);
    return reset_line_toggle_dt(&block);
}

static DEVICE_API(entropy, api) = {
    .get_entropy = get_entropy,
};

DEVICE_DT_INST_DEFINE(0, init, NULL, NULL, NULL, PRE_KERNEL_1,
                      CONFIG_ENTROPY_INIT_PRIORITY, &api);
