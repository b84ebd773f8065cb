/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stock system on a SQLite database into which the library is linked.
 *
 *   stock_system DB import ARTICLES.csv STOCK.csv SALES.csv[.gz]   fills an empty database
 *   stock_system DB sell ARTICLE QUANTITY DAY                      books a sale
 *   stock_system DB nightly [MAX_STEPS]                            trains when a week has passed, proposes orders
 *   stock_system DB today                                          carries the forecast over the newest sales: drift
 *   stock_system DB list                                           what to order, and what to look at
 *
 * What a command writes, it writes in one transaction: killed at any moment, the database is as before or as after.
 */
#include <stdio.h>
#include <string.h>

#include "shop.h"

static int usage(void)
{
    fputs("usage: stock_system DB import ARTICLES STOCK SALES | sell ARTICLE QUANTITY DAY | nightly [MAX_STEPS] | "
          "today | list\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    shop s = {.error = SEQD_ERROR_INIT};
    const char *command = argc > 2 ? argv[2] : "";
    const int words = argc - 3;
    static const struct { const char *name; int fewest, most; } commands[] = {
        {"import", 3, 3}, {"sell", 3, 3}, {"nightly", 0, 1}, {"today", 0, 0}, {"list", 0, 0}};
    int known = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        known |= strcmp(command, commands[i].name) == 0 && words >= commands[i].fewest && words <= commands[i].most;
    if (!known) return usage();

    shop_open(&s, argv[1]);
    switch (*command) {
        case 'i': import_tables(&s, argv[3], argv[4], argv[5]); break;
        case 's': sell(&s, argv[3], argv[4], argv[5]); break;
        case 'n':
            if (words == 1) must(&s, seqd_options_set_str(s.options, "max_steps", argv[3], &s.error), "options");
            nightly(&s);
            break;
        case 't': today(&s); break;
        default: list(&s);
    }
    return shop_close(&s);
}
