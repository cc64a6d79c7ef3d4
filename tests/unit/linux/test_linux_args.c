/* The command line. */
#include "apps/isere/args/args.h"
#include "isere/isere.h"
#include "isere/linux.h"
#include "tests/unit/support/unit.h"
#include <fcntl.h>
#include <unistd.h>

static isere_args_t args;
static char printed[16384]; /* to stdout and stderr by the last parse */

/* Parses the words of `line`. */
static isere_args_result_t parse(const char *line)
{
    static char words[1024];
    char *argv[64] = {(char[]){"isere"}};
    int argc = 1, out = dup(1), errors = dup(2);
    FILE *catch = tmpfile();
    isere_args_result_t result;
    snprintf(words, sizeof(words), "%s", line);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = strcmp(w, "''") == 0 ? w + 2 : w;
    }
    fflush(stdout);
    dup2(fileno(catch), 1);
    dup2(fileno(catch), 2);
    result = isere_args_parse(&args, argc, argv);
    fflush(stdout);
    dup2(out, 1);
    dup2(errors, 2);
    close(out);
    close(errors);
    rewind(catch);
    printed[fread(printed, 1, sizeof(printed) - 1, catch)] = '\0';
    fclose(catch);
    return result;
}

static void runs(const char *line)
{
    if (parse(line) != ISERE_ARGS_RUN || printed[0]) {
        fail_msg("%s: %s", line, printed);
    }
}

/* Refused, with one line that holds `why` and names the help. */
static void bad(const char *line, const char *why)
{
    const char *end;
    if (parse(line) != ISERE_ARGS_BAD || !strstr(printed, why) ||
        !strstr(printed, "--help)\n")) {
        fail_msg("%s: %s", line, printed);
    }
    end = strchr(printed, '\n');
    assert_ptr_equal(end, printed + strlen(printed) - 1);
}

static void test_defaults(void **state)
{
    (void)state;
    runs("serve");
    assert_int_equal(args.command, ISERE_COMMAND_SERVE);
    assert_string_equal(args.module, "js/handler.js");
    assert_string_equal(args.serve.host, "127.0.0.1");
    assert_int_equal(args.serve.port, 8080);
    assert_int_equal(args.serve.workers, 0);
    assert_int_equal(args.settings.memory, 16 << 20);
    assert_int_equal(args.settings.stack, 1 << 20);
    assert_int_equal(args.settings.timeout, 3000);
    assert_int_equal(args.settings.init_timeout, 10000);
    assert_int_equal(args.serve.max_head, 8 << 10);
    assert_int_equal(args.serve.max_body, 1 << 20);
    assert_int_equal(args.serve.header_timeout, 10000);
    assert_int_equal(args.serve.request_timeout, 30000);
    assert_int_equal(args.serve.idle_timeout, 60000);
    assert_int_equal(args.serve.max_connections, 10000);
    assert_int_equal(args.settings.payload, ISERE_PAYLOAD_ISERE);
    assert_int_equal(args.log_level, ISERE_LOG_INFO);
    assert_int_equal(args.log_format, ISERE_LOG_TEXT);
    assert_false(args.serve.watch);
    assert_int_equal(args.settings.nenv, 0);
    assert_null(args.settings.env[0]);
}

/* The same defaults as for programs that embed isère. */
static void test_defaults_are_the_core_s(void **state)
{
    isere_function_config_t function;
    isere_limits_config_t config;
    (void)state;
    runs("serve");
    isere_function_config_init(&function);
    isere_limits_config_init(&config);
    assert_int_equal(args.settings.memory, function.memory_bytes);
    assert_int_equal(args.settings.stack, function.stack_bytes);
    assert_int_equal(args.settings.timeout, function.timeout_ms);
    assert_int_equal(args.settings.init_timeout, function.init_timeout_ms);
    assert_int_equal(args.serve.max_head, config.max_head);
    assert_int_equal(args.serve.max_body, config.max_body);
    assert_int_equal(args.serve.header_timeout, config.header_timeout_ms);
    assert_int_equal(args.serve.request_timeout, config.request_timeout_ms);
    assert_int_equal(args.serve.idle_timeout, config.idle_timeout_ms);
    assert_int_equal(args.serve.max_connections, config.max_connections);
    assert_int_equal(args.serve.instances, config.max_instances);
    assert_int_equal(args.serve.queue, config.max_queue);
}

/* A yardstick for benchmarks: there, but nobody is told. */
static void test_isolation_is_hidden(void **state)
{
    (void)state;
    runs("serve");
    assert_int_equal(args.settings.isolation, ISERE_ISOLATION_SNAPSHOT);
    runs("serve --isolation none");
    assert_int_equal(args.settings.isolation, ISERE_ISOLATION_NONE);
    runs("serve --isolation fresh");
    assert_int_equal(args.settings.isolation, ISERE_ISOLATION_FRESH);
    bad("serve --isolation some", "--isolation takes");
    assert_int_equal(parse("serve --help"), ISERE_ARGS_TEXT);
    assert_null(strstr(printed, "isolation"));
}

static void test_values(void **state)
{
    (void)state;
    runs("serve --port=0 --host :: x/y.js --memory 1M --timeout=250ms --watch "
         "--payload 2.0 --log-level debug --log-format=json --workers 3 "
         "--env A=1 --env=B=x=y --env A=2 --env C=");
    assert_int_equal(args.serve.port, 0);
    assert_string_equal(args.serve.host, "::");
    assert_string_equal(args.module, "x/y.js");
    assert_int_equal(args.settings.memory, 1 << 20);
    assert_int_equal(args.settings.timeout, 250);
    assert_true(args.serve.watch);
    assert_int_equal(args.settings.payload, ISERE_PAYLOAD_2_0);
    assert_int_equal(args.log_level, ISERE_LOG_DEBUG);
    assert_int_equal(args.log_format, ISERE_LOG_JSON);
    assert_int_equal(args.serve.workers, 3);
    assert_int_equal(args.settings.nenv, 3);
    assert_string_equal(args.settings.env[0], "A=2");
    assert_string_equal(args.settings.env[1], "B=x=y");
    assert_string_equal(args.settings.env[2], "C=");
    assert_null(args.settings.env[3]);
    runs("invoke --event - h.js");
    assert_string_equal(args.event, "-");
    runs("build h.js -o out.bin");
    assert_string_equal(args.build.output, "out.bin");
    runs("build --output=o h.js");
    assert_null(args.name);
    assert_false(isere_args_given(&args, "timeout"));
    runs("build --name a-1 --timeout 3s --env A=1 h.js");
    assert_string_equal(args.name, "a-1");
    assert_true(isere_args_given(&args, "name"));
    assert_true(isere_args_given(&args, "timeout"));
    assert_true(isere_args_given(&args, "env"));
    assert_false(isere_args_given(&args, "payload"));
    assert_false(isere_args_given(&args, "nothing"));
    runs("serve -- --odd-name.js");
    assert_string_equal(args.module, "--odd-name.js");
}

/* The commands that talk to a server. */
static void test_remote(void **state)
{
    (void)state;
    runs("deploy fn/a.js --name a --route /x --route=/y --env A=1 --to "
         "http://pico --token-file t --memory 1M --payload 2.0 --json");
    assert_int_equal(args.command, ISERE_COMMAND_DEPLOY);
    assert_string_equal(args.module, "fn/a.js");
    assert_string_equal(args.name, "a");
    assert_string_equal(args.remote.to, "http://pico");
    assert_string_equal(args.token_file, "t");
    assert_int_equal(args.remote.routes.count, 2);
    assert_string_equal(args.remote.routes.items[0], "/x");
    assert_string_equal(args.remote.routes.items[1], "/y");
    assert_null(args.remote.routes.items[2]);
    assert_int_equal(args.settings.nenv, 1);
    assert_true(isere_args_given(&args, "memory"));
    assert_false(isere_args_given(&args, "timeout"));
    assert_true(args.json);
    assert_int_equal(args.remote.wait, 60000);
    /* The server has its own limits: a device takes less than Linux. */
    runs("deploy a.js --memory 72K");
    assert_int_equal(args.settings.memory, 72 << 10);
    assert_true(isere_args_given(&args, "memory"));
    runs("list --to http://x");
    assert_null(args.module);
    assert_null(args.function);
    assert_false(args.json);
    runs("logs");
    assert_null(args.function);
    assert_false(args.remote.follow);
    assert_false(isere_args_given(&args, "level"));
    runs("logs -f a-1 --level warn");
    assert_string_equal(args.function, "a-1");
    assert_true(args.remote.follow);
    assert_int_equal(args.remote.level, ISERE_LOG_WARN);
    runs("invoke-remote a --event - --wait 2s");
    assert_string_equal(args.event, "-");
    assert_int_equal(args.remote.wait, 2000);
    runs("rollback a");
    assert_int_equal(args.command, ISERE_COMMAND_ROLLBACK);
    runs("remove -- --a");
    assert_string_equal(args.function, "--a");
}

static void test_refused(void **state)
{
    (void)state;
    bad("", "isere: which command?");
    bad("fly", "unknown command 'fly'");
    bad("--fly", "unknown option '--fly'");
    bad("serve --fly=1", "isere serve: unknown option '--fly'");
    bad("serve -x", "unknown option '-x'");
    bad("serve --event x", "unknown option '--event'");
    bad("build --port 1 x.js", "unknown option '--port'");
    bad("serve --port", "--port needs a value: PORT");
    bad("serve --host --watch", "--host needs a value");
    bad("serve --host ''", "--host must not be empty");
    bad("serve --port http", "--port takes a number, not 'http'");
    bad("serve --port 65536", "--port must be from 0 to 65535, not 65536");
    bad("serve --port -1", "--port takes a number, not '-1'");
    bad("serve --port=", "--port takes a number, not ''");
    bad("serve --workers 0", "--workers must be from 1 to 256");
    bad("serve --memory 1K", "--memory must be from 256K to 2G, not 1K");
    bad("serve --memory 16MB", "--memory takes a size");
    bad("invoke x.js --memory 72K", "--memory must be from 256K to 2G");
    bad("deploy x.js --memory 0", "--memory must be from 1 to 1024G, not 0");
    bad("deploy x.js --memory much", "--memory takes a size");
    bad("serve --memory 99999999999G", "--memory must be from");
    bad("serve --timeout 3", "--timeout takes a time");
    bad("serve --timeout 0s", "--timeout must be from 1ms to");
    bad("serve --watch=yes", "--watch takes no value");
    bad("serve --env A", "--env takes NAME=VALUE, not 'A'");
    bad("serve --env 1A=x", "--env takes NAME=VALUE");
    bad("serve --env =x", "--env takes NAME=VALUE");
    bad("serve --payload 3.0", "--payload takes isere, 1.0 or 2.0, not '3.0'");
    bad("serve --log-level loud", "--log-level takes error, warn,");
    bad("serve --name x", "unknown option '--name'");
    bad("build --name A", "--name takes 1 to 32 of a-z, 0-9 and -, not 'A'");
    bad("build --memory 1M x.js", "unknown option '--memory'");
    bad("serve a.js b.js", "only one module can be given");
    bad("serve ''", "must not be empty");
    bad("serve --store s a.js",
        "--store can't be combined with a module, 'a.js'");
    bad("serve --store s --watch", "--watch can't be combined with --store");
    bad("serve --token-file t", "--token-file requires --store");
    bad("serve a.js --allow-host h", "--allow-host requires --store");
    runs("serve --store s --token-file t --allow-host h");
    bad("invoke", "which module?");
    bad("build", "which module?");
    bad("deploy", "which module?");
    bad("deploy a.js b.js", "only one module can be given");
    bad("deploy a.js --route ''", "--route must not be empty");
    bad("deploy a.js --name A", "--name takes 1 to 32");
    bad("deploy a.js --to ''", "--to must not be empty");
    bad("deploy a.js --stack 1M", "unknown option '--stack'");
    bad("serve --to x", "unknown option '--to'");
    bad("list a", "unexpected argument 'a'");
    bad("logs A", "a function's name is 1 to 32 of a-z, 0-9 and -, not 'A'");
    bad("logs a b", "only one function can be given: 'b' came after 'a'");
    bad("logs --level all", "--level takes error, warn, info or debug");
    bad("invoke-remote", "which function? Usage: isere invoke-remote NAME");
    bad("rollback", "which function?");
    bad("release", "which function?");
    bad("remove ''", "a function's name");
    bad("remove 012345678901234567890123456789012", "a function's name");
    bad("remove a --wait 0s", "--wait must be from 1ms");
}

static void test_texts(void **state)
{
    (void)state;
    assert_int_equal(parse("--version"), ISERE_ARGS_TEXT);
    assert_memory_equal(printed, "isere ", 6);
    assert_string_equal(strtok(printed + 6, "\n"), isere_version());
    assert_int_equal(parse("--help"), ISERE_ARGS_TEXT);
    assert_non_null(strstr(printed, "isere serve"));
    assert_int_equal(parse("serve x --port 1 --help"), ISERE_ARGS_TEXT);
    assert_non_null(strstr(printed, "--max-connections N"));
    assert_null(strstr(printed, "--event"));
    assert_int_equal(parse("build -h"), ISERE_ARGS_TEXT);
    assert_non_null(strstr(printed, "-o, --output FILE"));
    assert_int_equal(parse("deploy --help"), ISERE_ARGS_TEXT);
    assert_non_null(strstr(printed, "Usage: isere deploy MODULE.js [OPTION]"));
    assert_null(strstr(printed, "(default 16M)"));
    assert_non_null(strstr(printed, "(default 1m)"));
    assert_int_equal(parse("list -h"), ISERE_ARGS_TEXT);
    assert_non_null(strstr(printed, "Usage: isere list [OPTION]"));
}

/* Every line fits a terminal. */
static void test_widths(void **state)
{
    char line[64] = "--help";
    (void)state;
    for (int i = 0; i <= ISERE_COMMANDS; i++) {
        assert_int_equal(parse(line), ISERE_ARGS_TEXT);
        for (char *l = strtok(printed, "\n"); l; l = strtok(NULL, "\n")) {
            if (strlen(l) >= 80) {
                fail_msg("%s: %s", line, l);
            }
        }
        if (i < ISERE_COMMANDS) {
            snprintf(line, sizeof(line), "%s --help",
                     isere_command_infos[i].name);
        }
    }
}

/* Each option has its bit in args.given. */
static void test_options_are_countable(void **state)
{
    (void)state;
    assert_true(isere_options_count <= 64);
}

/* One more than can be kept of what may be repeated. */
static void test_lists_have_an_end(void **state)
{
    static char words[] = "--route=/x";
    char *argv[2 * ISERE_ARGS_MAX_LIST + 8] = {
        (char[]){"isere"}, (char[]){"deploy"}, (char[]){"a.js"}};
    int argc = 3, errors = dup(2), null = open("/dev/null", O_WRONLY);
    (void)state;
    for (int i = 0; i < ISERE_ARGS_MAX_LIST; i++) {
        argv[argc++] = words;
    }
    assert_int_equal(isere_args_parse(&args, argc, argv), ISERE_ARGS_RUN);
    assert_int_equal(args.remote.routes.count, ISERE_ARGS_MAX_LIST);
    argv[argc++] = words;
    dup2(null, 2);
    assert_int_equal(isere_args_parse(&args, argc, argv), ISERE_ARGS_BAD);
    dup2(errors, 2);
    close(errors);
    close(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_are_the_core_s),
        cmocka_unit_test(test_isolation_is_hidden),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_remote),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_options_are_countable),
        cmocka_unit_test(test_lists_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
