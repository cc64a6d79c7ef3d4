/* Functions: checked code with its configuration, shared by all isolates that
 * run it. A function never changes after its creation, so threads need no
 * lock. */
#include "core/isolate/function.h"
#include "core/heap/fault.h"
#include "core/isolate/native.h"
#include "core/web/web.h"
#include <stdatomic.h>

enum {
    DEFAULT_MEMORY = 16 * 1024 * 1024,
    DEFAULT_STACK = 1024 * 1024,
    DEFAULT_TIMEOUT_MS = 3000,
    DEFAULT_INIT_TIMEOUT_MS = 10000,
};

static const char *const no_env[] = {NULL};

/* Defaults of Lambda where it has one: three seconds, "$LATEST". */
void isere_function_config_init(isere_function_config_t *config)
{
    memset(config, 0, sizeof(*config));
    config->name = "handler";
    config->version = "$LATEST";
    config->env = no_env;
    config->memory_bytes = DEFAULT_MEMORY;
    config->stack_bytes = DEFAULT_STACK;
    config->timeout_ms = DEFAULT_TIMEOUT_MS;
    config->init_timeout_ms = DEFAULT_INIT_TIMEOUT_MS;
}

int isere_function_config_read(isere_function_config_t *config,
                               const void *code, size_t size,
                               isere_fault_t *fault)
{
    isere_bundle_t bundle;
    const char *reason;
    int error = isere_bundle_open(&bundle, code, size, &reason);
    isere_fault_set(fault, error ? reason : "");
    if (!error) {
        isere_bundle_configure(&bundle, config);
    }
    return error;
}

/* ---- the configuration's texts are copied behind the function ---- */

/* The texts of the block and then those of the array, one with each call:
 * later ones win. NULL at the end. */
typedef struct env_walk {
    const char *block;
    const char *const *array;
} env_walk_t;

static env_walk_t env_begin(const isere_function_config_t *config)
{
    return (env_walk_t){config->env_block ? config->env_block : "",
                        config->env ? config->env : no_env};
}

/* env_block comes first, since it is the function's own: what the program gives
 * wins. */
static const char *env_next(env_walk_t *walk)
{
    const char *text = walk->block;
    if (*text) {
        walk->block += strlen(text) + 1;
        return text;
    }
    return *walk->array ? *walk->array++ : NULL;
}

/* The pointers of env lie first, behind the struct, which aligns them. */
static size_t texts_size(const isere_function_config_t *config)
{
    size_t size = strlen(config->name) + strlen(config->version) + 2;
    size += config->handler ? strlen(config->handler) + 1 : 0;
    size += config->cors ? strlen(config->cors) + 1 : 0;
    env_walk_t walk = env_begin(config);
    const char *text;
    while ((text = env_next(&walk))) {
        size += sizeof(char *) + strlen(text) + 1;
    }
    return size + sizeof(char *);
}

static const char *copy_text(char **out, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = *out;
    memcpy(copy, text, size);
    *out += size;
    return copy;
}

/* Copied, so that the caller's configuration may go; the code is not: it may be
 * large, or lie in flash. */
static void copy_texts(isere_function_t *f)
{
    const char **env = (const char **)(f + 1);
    size_t n = 0;
    env_walk_t walk = env_begin(&f->config);
    while (env_next(&walk)) {
        n++;
    }
    char *text = (char *)(env + n + 1);
    walk = env_begin(&f->config);
    for (size_t i = 0; i < n; i++) {
        env[i] = copy_text(&text, env_next(&walk));
    }
    env[n] = NULL;
    f->config.env = env;
    f->config.env_block = NULL;
    f->config.name = copy_text(&text, f->config.name);
    f->config.version = copy_text(&text, f->config.version);
    if (f->config.handler) {
        f->config.handler = copy_text(&text, f->config.handler);
    }
    if (f->config.cors) {
        f->config.cors = copy_text(&text, f->config.cors);
    }
}

/* The engine numbers classes per process, without a lock. A thread that loses
 * the race spins for the microseconds that it takes. */
static void register_classes_once(void)
{
    static atomic_int state; /* 0: not yet, 1: somebody is at it, 2: done */
    int none = 0;
    if (atomic_compare_exchange_strong(&state, &none, 1)) {
        isere_web_register_classes();
        atomic_store(&state, 2);
    }
    while (atomic_load(&state) != 2) {
    }
}

/* The bundle is checked here, once; isolates trust it. */
int isere_function_create(const isere_port_t *port, const void *code,
                          size_t size, const isere_function_config_t *config,
                          isere_function_t **function, isere_fault_t *fault)
{
    isere_bundle_t bundle;
    const char *reason;
    int error = isere_bundle_open(&bundle, code, size, &reason);
    if (error) {
        isere_fault_set(fault, reason);
        return error;
    }
    error = isere__native_check(config->modules, fault);
    if (error) {
        return error;
    }
    isere_function_t *f = isere_alloc(port, sizeof(*f) + texts_size(config));
    if (!f) {
        isere_fault_set(fault, "not enough memory for the function");
        return ISERE_ERR_NOMEM;
    }
    register_classes_once();
    f->port = *port;
    f->config = *config;
    f->bundle = bundle;
    copy_texts(f);
    f->info.name = f->config.name;
    f->info.version = f->config.version;
    f->info.payload = f->config.payload;
    f->info.memory_bytes = f->config.memory_bytes;
    *function = f;
    return 0;
}

/* The port is copied out first: it lies in what is freed. */
const char *isere_function_name(const isere_function_t *f)
{
    return f->config.name;
}

void isere_function_destroy(isere_function_t *f)
{
    if (f) {
        isere_port_t port = f->port;
        isere_free(&port, f);
    }
}
