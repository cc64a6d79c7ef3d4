/*
 * Embeds isère in a C program, in both ways:
 *
 *   1. a function is compiled from a string and invoked directly;
 *   2. the same function is served over HTTP by a thread, asked once, stopped.
 *
 * Build it with the project: build/host/examples/embed.
 */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include "isere/linux.h"
#include "isere/registry.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char source[] =
    "let calls = 0\n"
    "export const handler = (event) => {\n"
    "  calls++ // every call begins with the heap as it was here: 0\n"
    "  return { body: `hello ${event.queryStringParameters?.name ?? 'you'}, "
    "call ${calls}` }\n"
    "}\n";

/* Hands out the one module there is. Programs may read files here. */
static int load(void *ctx, const char *name, isere_slice_t *text)
{
    (void)ctx;
    if (strcmp(name, "handler.js") != 0) {
        return ISERE_ERR_NOENT;
    }
    *text = isere_slice_of(source, sizeof(source) - 1);
    return 0;
}

static int complain(const char *what, int error, const isere_fault_t *fault)
{
    fprintf(stderr, "%s: %s: %s (%s:%d:%d)\n", what, isere_strerror(error),
            fault->message, fault->file, fault->line, fault->column);
    return error;
}

/* ---- 1. direct invocations ---- */

static int invoke(const isere_port_t *port, const isere_function_t *function)
{
    isere_request_t request = {.target = ISERE_SLICE("/?name=Ada")};
    isere_instance_t *instance;
    isere_result_t result;
    isere_fault_t fault;
    int error = isere_instance_create(port, function, &instance, &fault);
    if (error != 0) {
        return complain("init", error, &fault);
    }
    for (int i = 0; i < 2 && error == 0; i++) {
        error = isere_instance_invoke(instance, &request, &result);
        if (error == 0) {
            printf("invoked: %d %.*s\n", result.status, (int)result.body.len,
                   result.body.ptr);
        }
    }
    isere_instance_destroy(instance);
    return error;
}

/* ---- 2. a server in a thread ---- */

typedef struct service {
    const isere_function_t *function;
    isere_socket_t listener;
    isere_server_t *server; /* once `ready` */
    int error;
    pthread_barrier_t ready;
} service_t;

/* A port belongs to its thread, so the thread makes its own. */
static void *serve(void *arg)
{
    service_t *service = arg;
    isere_limits_config_t config;
    isere_limits_t *limits;
    isere_registry_t *registry = NULL;
    isere_fault_t fault = {0};
    isere_port_t port;
    service->error = isere_linux_port_init(&port, NULL);
    if (service->error != 0) {
        pthread_barrier_wait(&service->ready);
        return NULL;
    }
    isere_limits_config_init(&config);
    limits = isere_limits_create(&port, &config);
    service->error =
        isere_registry_create_one(&port, service->function, &registry);
    if (service->error == 0) {
        service->error =
            limits ? isere_server_create(&port, limits, service->listener,
                                         registry, &service->server)
                   : ISERE_ERR_NOMEM;
    }
    if (service->error == 0) {
        service->error = isere_server_warm_up(service->server, &fault);
    }
    pthread_barrier_wait(&service->ready);
    if (service->error == 0) {
        service->error = isere_server_run(service->server);
    } else {
        complain("serve", service->error, &fault);
    }
    isere_server_destroy(service->server);
    isere_limits_destroy(limits);
    isere_registry_destroy(registry);
    isere_linux_port_deinit(&port);
    return NULL;
}

/* One request, as any HTTP client would make it. */
static int ask(uint16_t number)
{
    static const char request[] = "GET /?name=Grace HTTP/1.1\r\n"
                                  "Host: localhost\r\n"
                                  "Connection: close\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(number)};
    char answer[1024];
    size_t used = 0;
    ssize_t n = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        send(fd, request, sizeof(request) - 1, 0) < 0) {
        perror("ask");
        return ISERE_ERR_IO;
    }
    while (n > 0 && used < sizeof(answer) - 1) {
        n = recv(fd, answer + used, sizeof(answer) - 1 - used, 0);
        used += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    answer[used] = '\0';
    const char *body = strstr(answer, "\r\n\r\n");
    printf("served: %.15s %s\n", answer, body ? body + 4 : "");
    return body ? 0 : ISERE_ERR_IO;
}

static int run_server(const isere_function_t *function)
{
    service_t service = {.function = function};
    uint16_t number = 0;
    pthread_t thread;
    int error;
    service.listener = isere_linux_listen("127.0.0.1", &number, true);
    if (service.listener < 0) {
        return service.listener;
    }
    pthread_barrier_init(&service.ready, NULL, 2);
    if (pthread_create(&thread, NULL, serve, &service) != 0) {
        return ISERE_ERR_NOMEM;
    }
    pthread_barrier_wait(&service.ready);
    error = service.error;
    if (error == 0) {
        error = ask(number);
        isere_server_stop(service.server);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&service.ready);
    return error ? error : service.error;
}

int main(void)
{
    const isere_loader_t loader = {NULL, load};
    isere_function_t *function = NULL;
    isere_function_config_t config;
    isere_fault_t fault;
    isere_port_t port;
    void *code = NULL;
    size_t size = 0;
    int error = isere_linux_port_init(&port, NULL);
    if (error != 0) {
        fprintf(stderr, "port: %s\n", isere_strerror(error));
        return 1;
    }
    error =
        isere_compile(&port, &loader, "handler.js", "", &code, &size, &fault);
    if (error == 0) {
        isere_function_config_init(&config);
        error = isere_function_create(&port, code, size, &config, &function,
                                      &fault);
    }
    if (error != 0) {
        complain("compile", error, &fault);
    } else {
        error = invoke(&port, function);
    }
    if (error == 0) {
        error = run_server(function);
    }
    isere_function_destroy(function);
    isere_free(&port, code); /* the function borrowed it */
    isere_linux_port_deinit(&port);
    return error == 0 ? 0 : 1;
}
