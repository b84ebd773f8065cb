/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void print_json(const seqd_training_summary *s, const char *network, const char *path, bool stopped)
{
    printf("{\"model\":");
    cli_json_text(stdout, network);
    printf(",\"file\":");
    cli_json_text(stdout, path);
    printf(",\"steps\":%lld,\"best_step\":%lld,\"train_loss\":", (long long)s->steps, (long long)s->best_step);
    cli_json_number(stdout, s->train_loss);
    printf(",\"best_loss\":");
    cli_json_number(stdout, s->best_loss);
    printf(",\"seconds\":");
    cli_json_number(stdout, s->seconds);
    printf(",\"series\":%lld,\"series_left_out\":%lld,\"windows\":%lld,\"stopped\":%s}\n", (long long)s->series,
           (long long)s->series_left_out, (long long)s->windows, stopped ? "true" : "false");
}

/* "an ensemble of 5, " before the kind of network; until the next call. */
static const char *members(const seqd_model *model)
{
    static char text[48];
    const int32_t count = seqd_model_member_count(model);
    text[0] = '\0';
    if (count > 0) (void)snprintf(text, sizeof text, "an ensemble of %d, ", (int)count);
    return text;
}

static void tell(const cli *c, const seqd_model *model, const seqd_training_summary *s, const char *network)
{
    cli_note(c, "trained %s%s on %s series: %s steps (%s windows) in %.1f s", members(model), network, cli_count(s->series),
             cli_count(s->steps), cli_count(s->windows), s->seconds);
    if (s->best_loss == s->best_loss)
        cli_note(c, "  validation loss %.5g, reached at step %s; training loss %.5g", s->best_loss,
                 cli_count(s->best_step), s->train_loss);
    else
        cli_note(c, "  training loss %.5g; no validation part", s->train_loss);
    if (s->series_left_out > 0)
        cli_note(c, "  %s series left out: too short, or nothing observed", cli_count(s->series_left_out));
}

static int save(cli *c, const seqd_model *model, const seqd_training_summary *s, const char *network, bool stopped)
{
    const char *path = c->flags[CLI_FLAG_OUT];
    if (model == NULL) return cli_fail(c, "stopped before the first step; nothing was written");
    if (seqd_model_save(model, path, &c->error) != SEQD_OK) return cli_failed(c);
    tell(c, model, s, network);
    if (stopped) cli_note(c, "  stopped early: the best weights so far were saved");
    cli_note(c, "wrote %s", path);
    if (c->flags[CLI_FLAG_JSON] != NULL) print_json(s, network, path, stopped);
    return CLI_OK;
}

static int fit(cli *c, const seqd_options *options, seqd_dataset *dataset, seqd_model **model,
               seqd_training_summary *summary, bool *stopped)
{
    cli_interruptible(true);
    const int32_t ran = seqd_ensemble_train(c->context, options, dataset, model, summary, &c->error);
    cli_interruptible(false);
    *stopped = ran == SEQD_STOPPED;
    return ran == SEQD_OK || *stopped ? CLI_OK : cli_failed(c);
}

int cli_train(cli *c)
{
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_training_summary summary = { .struct_size = (uint32_t)sizeof summary };
    const char *network = "";
    bool stopped = false;
    int status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_OUT);
    if (status == CLI_OK) status = cli_check_place(c, CLI_FLAG_OUT);
    if (status == CLI_OK) status = cli_read_options(c, NULL, &options);
    if (status == CLI_OK && seqd_options_get_str(options, "model", &network, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK) status = fit(c, options, dataset, &model, &summary, &stopped);
    if (status == CLI_OK) status = save(c, model, &summary, network, stopped);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return status;
}
