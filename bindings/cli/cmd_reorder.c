/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

int cli_reorder_command(cli *c)
{
    cli_prediction p = { NULL, NULL, NULL, NULL };
    cli_reorder_list list = { .articles = NULL };
    cli_output output = { NULL, NULL, NULL };
    int64_t top = INT64_MAX;
    int status = cli_need(c, CLI_FLAG_STOCK);
    if (status == CLI_OK) status = cli_flag_whole(c, CLI_FLAG_TOP, 1, INT64_MAX, &top);
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK) status = cli_predict(c, &p);
    if (status == CLI_OK) status = cli_reorder(c, &p, &list);
    if (status == CLI_OK) {
        cli_sheet sheet;
        bool table = c->flags[CLI_FLAG_TOP] != NULL;
        cli_reorder_sheet(&list, &sheet);
        cli_sheet_write(c, &sheet, &output, table, top);
        if (table && top < list.count) cli_note(c, "... and %s more articles", cli_count(list.count - top));
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        cli_sheet_release(&sheet);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    cli_reorder_release(&list);
    cli_prediction_release(&p);
    return status;
}
