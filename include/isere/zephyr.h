/*
 * The Zephyr port: what an application needs to run isère on Zephyr.
 *
 * There is only one port: its memory is static, see CONFIG_ISERE_HEAP_REGION
 * and CONFIG_ISERE_SERVER_REGION. It belongs, with all servers and instances
 * made with it, to the thread that called isere_zephyr_port_init.
 */
#ifndef ISERE_ZEPHYR_H
#define ISERE_ZEPHYR_H

#include "isere/admin.h"
#include "isere/flash.h"
#include "isere/isere.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Fills in the port's table and starts the thread that executes handlers,
 * with a priority just below the caller's. To be called once. Returns 0, or
 * ISERE_ERR_IO when there is no source of random bytes or no event object.
 */
int isere_zephyr_port_init(isere_port_t *port);

/* A configuration with the values of Kconfig. Any thread. */
void isere_zephyr_function_config(isere_function_config_t *config);
void isere_zephyr_server_limits(isere_limits_config_t *config);

/*
 * Gives the network interface its address and starts USB Ethernet and the DHCP
 * server, as Kconfig says; where the application or the host does all that, it
 * does nothing. To be called once. 0, or ISERE_ERR_IO.
 */
int isere_zephyr_network_start(void);

/*
 * Serves the function over HTTP on CONFIG_ISERE_LISTEN_ADDRESS and this TCP
 * port (0: any free one, which the log names). Returns only when something is
 * wrong: ISERE_ERR_HANDLER when the init phase failed, with *fault filled,
 * ISERE_ERR_NOMEM, or ISERE_ERR_IO. It starts the watchdog, which only this
 * thread feeds: it is the event loop of the device.
 */
int isere_zephyr_serve(const isere_port_t *port,
                       const isere_function_t *function, uint16_t number,
                       isere_fault_t *fault);

/*
 * Opens the store in the flash partition `storage_partition`, with
 * CONFIG_ISERE_STORE; *blobs is for isere_registry_create. Erased flash is
 * formatted. ISERE_ERR_INVAL when it holds something else, which stays
 * unchanged unless CONFIG_ISERE_STORE_FORMAT is set; ISERE_ERR_IO when the
 * flash fails. The log tells which.
 */
int isere_zephyr_store_open(isere_blobs_t *blobs);

/*
 * The flash partition `images_partition`, with CONFIG_ISERE_IMAGES. NULL: there
 * is none, or the log says why it can't be used.
 */
const isere_flash_t *isere_zephyr_images(void);

/*
 * The device's token, from an open store, with a NUL; made on first use. It is
 * printed on the console. 0, or ISERE_ERR_IO, ISERE_ERR_LIMIT when it could
 * not be made.
 */
int isere_zephyr_token(const isere_port_t *port,
                       char token[ISERE_TOKEN_LEN + 1]);

/*
 * Serves the functions of a store in the same way, and the admin API that
 * deploys them, with CONFIG_ISERE_STORE. `fallback` gets the requests that
 * match no route; NULL for none. Both are borrowed.
 */
int isere_zephyr_serve_store(const isere_port_t *port,
                             const isere_blobs_t *blobs,
                             const isere_function_t *fallback, uint16_t number);

/* Logs an error of the functions above and of isere.h, with its fault. */
void isere_zephyr_log_fault(int error, const isere_fault_t *fault);

/* Bytes of a static region: all, in use now, and the most since start-up. */
typedef struct isere_zephyr_memory {
    size_t size;
    size_t used;
    size_t peak;
} isere_zephyr_memory_t;

/* The port's thread, or any other while that one does not run. */
void isere_zephyr_memory_heaps(isere_zephyr_memory_t *memory);
void isere_zephyr_memory_server(isere_zephyr_memory_t *memory);

#ifdef __cplusplus
}
#endif

#endif
