/* The program isere: reads the command line and runs one command. */
#include "apps/isere/args/args.h"
#include "apps/isere/cmd/commands.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

static int run(const isere_args_t *args)
{
    /* No default: the compiler warns when a command has no case. */
    switch (args->command) {
    case ISERE_COMMAND_NEW:
        return isere_cmd_new(args);
    case ISERE_COMMAND_DEV:
        return isere_cmd_dev(args);
    case ISERE_COMMAND_SERVE:
        return isere_cmd_serve(args);
    case ISERE_COMMAND_INVOKE:
        return isere_cmd_invoke(args);
    case ISERE_COMMAND_BUILD:
        return isere_cmd_build(args);
    case ISERE_COMMAND_DEPLOY:
        return isere_cmd_deploy(args);
    case ISERE_COMMAND_LIST:
        return isere_cmd_list(args);
    case ISERE_COMMAND_LOGS:
        return isere_cmd_logs(args);
    case ISERE_COMMAND_INVOKE_REMOTE:
        return isere_cmd_invoke_remote(args);
    case ISERE_COMMAND_ROLLBACK:
        return isere_cmd_rollback(args);
    case ISERE_COMMAND_RELEASE:
        return isere_cmd_release(args);
    case ISERE_COMMAND_REMOVE:
        return isere_cmd_remove(args);
    case ISERE_COMMANDS:
        break;
    }
    return ISERE_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static isere_args_t args; /* too large for a stack */
    int code = ISERE_EXIT_OK;
    /* A reader that went away is an error of the write, not our end. */
    signal(SIGPIPE, SIG_IGN);
    switch (isere_args_parse(&args, argc, argv)) {
    case ISERE_ARGS_BAD:
        return ISERE_EXIT_USAGE;
    case ISERE_ARGS_TEXT:
        break;
    case ISERE_ARGS_RUN:
        if (!args.core_dumps) {
            /* Neither the kernel nor another process of the user's writes down
             * what is in memory: tokens, environments, requests. */
            (void)prctl(PR_SET_DUMPABLE, 0);
        }
        code = run(&args);
        break;
    }
    /* A full disk behind `> file` shows here at last. */
    if (fflush(stdout) != 0 && code == ISERE_EXIT_OK) {
        fputs("isere: cannot write to standard output\n", stderr);
        code = ISERE_EXIT_FAULT;
    }
    return code;
}
