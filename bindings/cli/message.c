/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "cli.h"

__attribute__((format(printf, 2, 0))) static void say(const cli *c, const char *format, va_list arguments)
{
    cli_progress_clear();
    fputs("seqdemand: ", stderr);
    if (c->command != NULL) fprintf(stderr, "%s: ", c->command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int cli_fail(const cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(c, format, arguments);
    va_end(arguments);
    return CLI_FAILED;
}

int cli_wrong(const cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(c, format, arguments);
    va_end(arguments);
    if (c->command != NULL) fprintf(stderr, "Try 'seqdemand help %s'.\n", c->command->name);
    else fputs("Try 'seqdemand --help'.\n", stderr);
    return CLI_USAGE;
}

int cli_failed(const cli *c)
{
    const char *message = c->error.message[0] != '\0' ? c->error.message : seqd_status_text(c->error.status);
    return cli_fail(c, "%s", message);
}

int cli_failed_option(const cli *c)
{
    return c->error.status == SEQD_E_OPTION ? cli_wrong(c, "%s", c->error.message) : cli_failed(c);
}

void cli_note(const cli *c, const char *format, ...)
{
    if (c->flags[CLI_FLAG_QUIET] != NULL) return;
    cli_progress_clear();
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
