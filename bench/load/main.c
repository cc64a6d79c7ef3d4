#include "bench/load/load.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: load paced --port N --connections N --rate R --seconds S\n"
    "                  [--path P] [--second P --every N]\n"
    "       load hold  --port N --connections N [--path P]\n"
    "       load burst --port N --connections N [--path P]\n"
    "       load start --port N [--path P] [--cpu N] -- COMMAND...\n";

static _Noreturn void complain(void)
{
    (void)fputs(usage, stderr);
    exit(2);
}

/* A number in [low, high], or the end of the program. */
static double number(const char *text, double low, double high)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno || end == text || *end || !(value >= low && value <= high)) {
        complain();
    }
    return value;
}

static void set_option(load_options_t *o, int letter, const char *value)
{
    switch (letter) {
    case 'p':
        o->port = (unsigned)number(value, 1, 65535);
        break;
    case 'c':
        o->connections = (unsigned)number(value, 1, 100000);
        break;
    case 'r':
        o->rate = number(value, 0.1, 10e6);
        break;
    case 's':
        o->seconds = number(value, 0.001, 3600);
        break;
    case 'a':
        o->paths[0] = value;
        break;
    case 'b':
        o->paths[1] = value;
        break;
    case 'e':
        o->every = (unsigned)number(value, 2, 1e6);
        break;
    case 'u':
        o->cpu = (int)number(value, 0, 1023);
        break;
    default:
        complain();
    }
}

static int run(const char *command, load_options_t *o, int rest)
{
    if (o->port == 0 || !o->every != !o->paths[1]) {
        complain();
    }
    if (strcmp(command, "start") == 0 && rest > 0) {
        return load_start(o);
    }
    if (o->connections == 0 || rest > 0) {
        complain();
    }
    if (strcmp(command, "hold") == 0) {
        return load_hold(o);
    }
    if (strcmp(command, "burst") == 0) {
        return load_burst(o);
    }
    if (strcmp(command, "paced") == 0 && o->rate > 0 && o->seconds > 0) {
        return load_paced(o);
    }
    complain();
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"connections", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'},
        {"path", required_argument, NULL, 'a'},
        {"second", required_argument, NULL, 'b'},
        {"every", required_argument, NULL, 'e'},
        {"cpu", required_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    load_options_t o = {.paths = {"/"}, .cpu = -1};
    int letter;
    if (argc < 2) {
        complain();
    }
    (void)signal(SIGPIPE, SIG_IGN);
    while ((letter = getopt_long(argc - 1, argv + 1, "+", options, NULL)) !=
           -1) {
        set_option(&o, letter, optarg);
    }
    o.command = argv + 1 + optind;
    return run(argv[1], &o, argc - 1 - optind);
}
