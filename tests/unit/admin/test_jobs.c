/* Jobs on a thread of their own where memory is short, as on a device: each has
 * the memory of an instance that the server does without meanwhile. The test is
 * that thread; while it waits, the server has turns. */
#include "core/deploy/registry.h"
#include "core/server/limits.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define GOOD "export const handler = () => 'good'"
#define SLOW                                                                   \
    "export const handler = () => "                                            \
    "new Promise((f) => setTimeout(() => f('slow'), 1000))"

enum { QUEUE = 2, INSTANCES = 2, SECTORS = 64 };

typedef struct queued {
    isere_registry_job_fn *work;
    void *arg;
} queued_t;

static stored_fixture_t p;
static nor_t nor;
static queued_t queue[QUEUE];
static int waiting;
static unsigned lent, most_lent;
static int waits; /* of the thread */

static int run(void *ctx, isere_registry_job_fn *work, void *arg)
{
    (void)ctx;
    if (waiting == QUEUE) {
        return ISERE_ERR_LIMIT;
    }
    queue[waiting++] = (queued_t){work, arg};
    return 0;
}

static void lend(void *ctx, unsigned instances)
{
    (void)ctx;
    lent = instances;
    most_lent = instances > most_lent ? instances : most_lent;
}

/* The server's turns, while the thread waits. */
static int wait_for_time(void *ctx, isere_poll_event_t *events, int max,
                         uint64_t timeout_us)
{
    (void)ctx;
    (void)events;
    (void)max;
    waits++;
    sim_run(p.server, (uint32_t)(timeout_us / 1000));
    return 0;
}

/* The first job in the queue, on the thread. */
static void work(void)
{
    isere_port_t port = p.port;
    queued_t job = queue[0];
    port.poll_wait = wait_for_time;
    assert_true(waiting > 0);
    memmove(queue, queue + 1, (size_t)--waiting * sizeof(*queue));
    job.work(job.arg, &port);
}

static int send_deploy(const char *name, const char *source)
{
    char path[64];
    snprintf(path, sizeof(path), "/v1/functions/%s", name);
    int client = stored_call("PUT", path, "text/javascript", source);
    sim_run(p.server, 1);
    return client;
}

static void deploy(const char *name, const char *source)
{
    int client = send_deploy(name, source);
    work();
    stored_expect(&p, client, 201, name);
}

static unsigned instances(void)
{
    return atomic_load(&p.limits->instances);
}

static int setup(void **state)
{
    (void)state;
    waiting = 0;
    waits = 0;
    lent = most_lent = 0;
    nor_init(&nor, SECTORS, 256);
    stored_init(&p);
    p.limits_config.max_instances = INSTANCES;
    p.config.run = run;
    p.config.lend = lend;
    return stored_start(&p);
}

static int teardown(void **state)
{
    (void)state;
    int leaks = stored_teardown(&p);
    nor_deinit(&nor);
    return leaks;
}

static void restart_with_flash(void)
{
    p.config.flash = &nor.table;
    stored_restart(&p);
}

static void test_an_instance_is_lent_and_returned(void **state)
{
    (void)state;
    deploy("one", GOOD);
    assert_int_equal(most_lent, 1);
    assert_int_equal(lent, 0);
    assert_int_equal(instances(), 0);
    deploy("two", GOOD);
    stored_expect(&p, stored_get("/one"), 200, "good");
    stored_expect(&p, stored_get("/two"), 200, "good");
    assert_int_equal(instances(), INSTANCES);
    /* Both are idle: one goes, and the other one serves. */
    deploy("three", GOOD);
    assert_int_equal(most_lent, 1);
    assert_int_equal(instances(), INSTANCES - 1);
    stored_expect(&p, stored_get("/one"), 200, "good");
    stored_expect(&p, stored_get("/two"), 200, "good");
    stored_expect(&p, stored_get("/three"), 200, "good");
}

/* What only looks, or only removes, takes none. */
static void test_what_needs_none(void **state)
{
    (void)state;
    deploy("one", GOOD);
    most_lent = 0;
    int client = stored_call("DELETE", "/v1/functions/one", "", "");
    sim_run(p.server, 1);
    work();
    assert_int_equal(stored_ask(&p, client), 204);
    assert_int_equal(most_lent, 0);
}

/* The requests that run are answered; those that wait get the instance that is
 * left, not the one that is owed. */
static void test_all_are_busy(void **state)
{
    int clients[2 * INSTANCES];
    (void)state;
    deploy("slow", SLOW);
    for (int i = 0; i < 2 * INSTANCES; i++) {
        clients[i] = stored_get("/slow");
    }
    sim_run(p.server, 1);
    assert_int_equal(instances(), INSTANCES);
    int client = send_deploy("one", GOOD);
    waits = 0;
    work();
    assert_true(waits > 1);
    assert_int_equal(most_lent, 1);
    stored_expect(&p, client, 201, "one");
    sim_run(p.server, 4000);
    for (int i = 0; i < 2 * INSTANCES; i++) {
        stored_expect(&p, clients[i], 200, "slow");
    }
    assert_int_equal(lent, 0);
    assert_true(instances() <= INSTANCES);
}

/* With only one, requests wait until the job is done. */
static void test_the_only_instance(void **state)
{
    (void)state;
    p.limits_config.max_instances = 1;
    stored_restart(&p);
    deploy("one", GOOD);
    stored_expect(&p, stored_get("/one"), 200, "good");
    deploy("two", GOOD);
    assert_int_equal(most_lent, 1);
    stored_expect(&p, stored_get("/one"), 200, "good");
    stored_expect(&p, stored_get("/two"), 200, "good");
}

/* A body in flash is not copied, and is given up once: by the job, or where
 * there is none by the answer. */
static void test_too_many_with_their_bodies_in_flash(void **state)
{
    char name[] = "f0";
    int clients[QUEUE + 1];
    (void)state;
    restart_with_flash();
    size_t room = isere_extents_room(p.registry->extents);
    for (int i = 0; i <= QUEUE; i++) {
        name[1] = (char)('0' + i);
        clients[i] = send_deploy(name, "syntax error");
    }
    stored_expect(&p, clients[QUEUE], 503, "too many changes at once");
    for (int i = 0; i < QUEUE; i++) {
        work();
        stored_expect(&p, clients[i], 400, "SyntaxError");
    }
    assert_int_equal(isere_extents_room(p.registry->extents), room);
}

/* The client leaves, then the server: the job is done all the same. */
static void test_the_server_goes(void **state)
{
    (void)state;
    int client = send_deploy("one", GOOD);
    sim_net()->clients[client].reset = true;
    sim_run(p.server, 1);
    isere_server_destroy(p.server);
    p.server = NULL;
    work(); /* it gets no memory any more */
    assert_int_equal(isere_registry_count(p.registry), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_instance_is_lent_and_returned,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_needs_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_are_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_only_instance, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_too_many_with_their_bodies_in_flash, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_server_goes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
