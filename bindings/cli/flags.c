/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cli_flag_real(const cli *c, cli_flag flag, double *value)
{
    double number = 0;
    if (c->flags[flag] == NULL) return CLI_OK;
    if (!cli_parse_real(c->flags[flag], &number))
        return cli_wrong(c, "--%s takes a number, not '%s'", cli_flag_name(flag), c->flags[flag]);
    *value = number;
    return CLI_OK;
}

int cli_flag_whole(const cli *c, cli_flag flag, int64_t minimum, int64_t maximum, int64_t *value)
{
    const char *text = c->flags[flag];
    if (text == NULL) return CLI_OK;
    char *end = NULL;
    errno = 0;
    long long number = text[strspn(text, "+-0123456789")] == '\0' ? strtoll(text, &end, 10) : 0;
    if (end == NULL || end == text || *end != '\0' || errno != 0 || number < minimum || number > maximum)
        return cli_wrong(c, "--%s takes a whole number from %s to %s, not '%s'", cli_flag_name(flag),
                         cli_count(minimum), cli_count(maximum), text);
    *value = number;
    return CLI_OK;
}
