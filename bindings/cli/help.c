/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 100

static const struct {
    const char *name;
    const char *value;
    unsigned commands;
    const char *help;
} flag_table[CLI_FLAG_COUNT] = {
#define X(id, name, value, commands, help) { (name), (value), (commands), (help) },
    CLI_FLAG_TABLE(X)
#undef X
};

/* `text` in lines of HELP_WIDTH, the first of which already holds `used` columns. */
static void print_wrapped(FILE *file, const char *text, int used)
{
    int at = HELP_COLUMN;
    if (used >= HELP_COLUMN) fprintf(file, "\n%*s", HELP_COLUMN, "");
    else fprintf(file, "%*s", HELP_COLUMN - used, "");
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        if (at > HELP_COLUMN && at + 1 + word > HELP_WIDTH) {
            fprintf(file, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        } else if (at > HELP_COLUMN) {
            fputc(' ', file);
            at++;
        }
        fwrite(text, 1, (size_t)word, file);
        at += word;
        text += word;
        while (*text == ' ') text++;
    }
    fputc('\n', file);
}

static void print_flag(FILE *file, const char *name, const char *value, const char *help)
{
    int used = fprintf(file, "  --");
    for (; *name != '\0'; name++, used++) fputc(*name == '_' ? '-' : *name, file);
    if (value != NULL) used += fprintf(file, " %s", value);
    print_wrapped(file, help, used);
}

void cli_print_help(FILE *file)
{
    fputs("seqdemand: from a table of sales to forecasts and a reorder list\n\n"
          "usage: seqdemand COMMAND [--flag value ...]\n\ncommands\n", file);
    for (int32_t i = 0; i < cli_command_count; i++)
        fprintf(file, "  %-14s %s\n", cli_commands[i].name, cli_commands[i].summary);
    fputs("  help           what a command takes: seqdemand help COMMAND\n\n"
          "  seqdemand --version          versions of program and library, and how the library was built\n\n"
          "example\n"
          "  seqdemand train    --data sales.csv --freq D --horizon 28 --out shop.seqd\n"
          "  seqdemand reorder  --model shop.seqd --data sales.csv --stock stock.csv --lead-time 14 --review 7\n\n"
          "A demand table has a column each for article, date and demand (unique_id, ds, y, or the names given by\n"
          "--id, --time, --target). Exit code: 0 done, 1 the request failed, 2 it was put wrongly.\n", file);
}

void cli_print_command_help(FILE *file, const cli_command *command)
{
    fprintf(file, "seqdemand %s: %s\n\n", command->name, command->summary);
    int indent = fprintf(file, "usage: seqdemand %s ", command->name);
    for (const char *p = command->synopsis; *p != '\0'; p++) {
        fputc(*p, file);
        if (*p == '\n') fprintf(file, "%*s", indent, "");
    }
    fputc('\n', file);
    if (command->details[0] != '\0') fprintf(file, "\n%s\n", command->details);
    fputs("\nflags\n", file);
    for (int32_t i = 0; i < CLI_FLAG_COUNT; i++)
        if ((flag_table[i].commands & command->bit) != 0)
            print_flag(file, flag_table[i].name, flag_table[i].value, flag_table[i].help);
    if (command->bit == CLI_DESCRIBE) return;
    fputs("\nabout the data\n", file);
    print_flag(file, "id", "COLUMN", "column that names the articles; several, as in shop,sku, are joined by '/'");
    print_flag(file, "time", "COLUMN", "column of the date or step");
    print_flag(file, "target", "COLUMN", "column of the demand");
    print_flag(file, "in_stock", "COLUMN", "column that is 0 where the article was out of stock");
    print_flag(file, "static", "LIST", "columns constant per article, as categories");
    print_flag(file, "static_real", "LIST", "columns constant per article, as numbers");
    print_flag(file, "known", "LIST", "columns known in advance, such as price and promotion");
    print_flag(file, "past", "LIST", "columns known only afterwards, such as clicks");
    print_flag(file, "freq", "F", "D, W, MS, h, int, or auto (default)");
    print_flag(file, "season", "N", "steps of the main season (default: from the frequency)");
    if ((command->bit & CLI_TRAINING) != 0)
        fputs("\nEvery option that 'seqdemand describe' lists can be given the same way: --hidden-size 128.\n", file);
    else
        fputs("\nOther options of the group \"data\" ('seqdemand describe' lists them) can be given the same way.\n",
              file);
}
