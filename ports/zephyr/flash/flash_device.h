/*
 * What our flash drivers have in common: a Zephyr flash device whose bytes are
 * read where they lie. A driver says how it programs and erases.
 */
#ifndef ISERE_PORTS_ZEPHYR_FLASH_FLASH_DEVICE_H
#define ISERE_PORTS_ZEPHYR_FLASH_FLASH_DEVICE_H

#include <zephyr/device.h>
#include <zephyr/drivers/flash.h>

/* The `config` of a device with isere_flash_device_api. */
typedef struct isere_flash_device {
    const uint8_t *bytes;
    struct flash_pages_layout sectors;
    struct flash_parameters parameters;
    /* Both get what lies inside; `erase` whole sectors. */
    void (*program)(size_t offset, const uint8_t *data, size_t size);
    void (*erase)(size_t offset, size_t size);
} isere_flash_device_t;

extern const struct flash_driver_api isere_flash_device_api;

#endif
