/* The texts of --help, made from the table in args_table.c, so they list
 * exactly the options that there are. */
#include "apps/isere/args/args.h"
#include "isere/isere.h"
#include <stdio.h>

#define COLUMN 28 /* where explanations begin */
#define WIDTH 79

/* Prints words from column COLUMN on, wrapped; `at` is the current column. What
 * is already beyond it gets a line of its own. */
static void put_wrapped(int at, const char *text)
{
    if (at >= COLUMN - 1) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", COLUMN - at, "");
    at = COLUMN;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > COLUMN && at + 1 + (int)word > WIDTH) {
            printf("\n%*s", COLUMN, "");
            at = COLUMN;
        } else if (at > COLUMN) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)word, text);
        at += (int)word;
        text += word + strspn(text + word, " ");
    }
    putchar('\n');
}

/* What `build` and `deploy` are not given is left open: the defaults of a
 * function's settings are those of the `serve` that runs it. */
static bool is_left_open(const isere_option_t *option, isere_command_t command)
{
    return (command == ISERE_COMMAND_BUILD ||
            command == ISERE_COMMAND_DEPLOY) &&
           (option->commands & (1u << ISERE_COMMAND_SERVE));
}

/* " -o, --output FILE", then what it does and its default. */
static void put_option(const isere_option_t *option, isere_command_t command)
{
    const char *preset = is_left_open(option, command) ? NULL : option->preset;
    char help[256];
    int at = option->letter
                 ? printf("  -%c, --%s", option->letter, option->name)
                 : printf("  --%s", option->name);
    if (option->value) {
        at += printf(" %s", option->value);
    }
    snprintf(help, sizeof(help), preset ? "%s (default %s)" : "%s",
             option->help, preset);
    put_wrapped(at, help);
}

void isere_args_help_program(void)
{
    puts("isere runs JavaScript request handlers, each request in a pristine "
         "heap.\n\nUsage:");
    for (int i = 0; i < ISERE_COMMANDS; i++) {
        const isere_command_info_t *info = &isere_command_infos[i];
        printf("  isere %-14s %s\n", info->name, info->summary);
    }
    puts("  isere COMMAND --help the operands and options of a command\n"
         "  isere --version | --help\n\n"
         "Exit codes: 0 success, 1 a handler, file or server failed, "
         "2 usage.");
}

void isere_args_help_command(isere_command_t command)
{
    const isere_command_info_t *info = &isere_command_infos[command];
    printf("Usage: isere %s %s%s[OPTION]...\n\n%s\n", info->name, info->operand,
           info->operand[0] ? " " : "", info->details);
    if (info->module && info->takes == ISERE_OPERAND_FOLDER) {
        puts("The default is the current folder.");
    } else if (info->module) {
        printf("The default module is %s.\n", info->module);
    }
    puts("\nOptions:");
    for (size_t i = 0; i < isere_options_count; i++) {
        /* Options without a text are for tests and benchmarks only. */
        if (isere_options[i].help &&
            isere_options[i].commands & (1u << command)) {
            put_option(&isere_options[i], command);
        }
    }
    put_wrapped(printf("  -h, --help"), "this text");
    puts("\nSizes take K, M or G, times take ms, s or m: 16M, 3s.");
}
