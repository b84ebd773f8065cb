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
    if (model == NULL || (stopped && s->steps == 0)) return cli_fail(c, "stopped before the first step; nothing was written");
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

/* Checkpoints on the way. */
typedef struct keeper {
    cli *c;
    seqd_trainer *trainer;
    const char *path; /* NULL: none */
    int64_t every;
    bool failed;
} keeper;

static bool keep(void *user, const seqd_progress *progress)
{
    keeper *k = user;
    if (k->path == NULL || progress->step % k->every != 0) return false;
    k->failed = seqd_trainer_save(k->trainer, k->path, &k->c->error) != SEQD_OK;
    return k->failed;
}

/* A trainer of its own for what fit cannot do: keep checkpoints, or go on from one. */
static int open_trainer(cli *c, const seqd_options *options, seqd_dataset *dataset, seqd_model **model,
                        seqd_trainer **trainer)
{
    const char *resume = c->flags[CLI_FLAG_RESUME], *update = c->flags[CLI_FLAG_UPDATE];
    const char *adapt = c->flags[CLI_FLAG_ADAPT];
    seqd_model *old = NULL;
    int32_t made;
    if (resume != NULL) made = seqd_trainer_resume(c->context, resume, dataset, trainer, model, &c->error);
    else if (update != NULL)
        made = seqd_trainer_update(c->context, update, dataset, options, trainer, model, &c->error);
    else {
        if (adapt != NULL) made = seqd_model_load(c->context, adapt, &old, &c->error);
        else made = seqd_model_create(c->context, options, dataset, model, &c->error);
        if (adapt != NULL && made == SEQD_OK) made = seqd_model_adapt(old, options, dataset, model, &c->error);
        seqd_model_release(old);
        if (made == SEQD_OK) made = seqd_trainer_create(*model, dataset, options, NULL, trainer, &c->error);
    }
    return made == SEQD_OK ? CLI_OK : cli_failed(c);
}

static int fit_kept(cli *c, const seqd_options *options, seqd_dataset *dataset, seqd_model **model,
                    seqd_training_summary *summary, bool *stopped)
{
    keeper k = { c, NULL, c->flags[CLI_FLAG_CHECKPOINT], 0, false };
    if (seqd_options_get_i64(options, "val_every", &k.every, &c->error) != SEQD_OK) return cli_failed(c);
    int status = cli_flag_whole(c, CLI_FLAG_CHECKPOINT_EVERY, 1, INT64_MAX, &k.every);
    if (status == CLI_OK) status = open_trainer(c, options, dataset, model, &k.trainer);
    if (status == CLI_OK) {
        cli_progress_listen(keep, &k);
        cli_interruptible(true);
        const int32_t ran = seqd_trainer_run(k.trainer, &c->error);
        cli_interruptible(false);
        cli_progress_listen(NULL, NULL);
        *stopped = ran == SEQD_STOPPED;
        if (k.failed || (ran != SEQD_OK && !*stopped)) status = cli_failed(c);
    }
    if (status == CLI_OK && k.path != NULL && seqd_trainer_save(k.trainer, k.path, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK && *stopped && k.path != NULL) cli_note(c, "--resume %s goes on with the training", k.path);
    if (status == CLI_OK && seqd_trainer_summarize(k.trainer, summary, &c->error) != SEQD_OK) status = cli_failed(c);
    /* The trainer holds the model exclusively: a model in training cannot be saved. */
    seqd_trainer_release(k.trainer);
    return status;
}

/* Settings of a new training, or those of the checkpoint that it goes on from. */
static int read_settings(cli *c, seqd_options **options)
{
    const char *resume = c->flags[CLI_FLAG_RESUME], *update = c->flags[CLI_FLAG_UPDATE];
    const char *adapt = c->flags[CLI_FLAG_ADAPT];
    seqd_model *model = NULL;
    if ((resume != NULL) + (update != NULL) + (adapt != NULL) > 1)
        return cli_wrong(c, "--resume, --update and --adapt exclude each other");
    if (resume != NULL && (c->setting_count > 0 || c->flags[CLI_FLAG_CONFIG] != NULL))
        return cli_wrong(c, "--resume goes on with the settings of the checkpoint and takes no others");
    const char *path = resume != NULL ? resume : update != NULL ? update : adapt;
    if (path == NULL) return cli_read_options(c, NULL, options);
    if (seqd_model_load(c->context, path, &model, &c->error) != SEQD_OK) return cli_failed(c);
    const int status = cli_read_options(c, model, options);
    seqd_model_release(model);
    return status;
}

int cli_train(cli *c)
{
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_model *model = NULL;
    seqd_training_summary summary = { .struct_size = (uint32_t)sizeof summary };
    const char *network = "";
    bool stopped = false;
    const bool kept = c->flags[CLI_FLAG_CHECKPOINT] != NULL || c->flags[CLI_FLAG_RESUME] != NULL
                      || c->flags[CLI_FLAG_UPDATE] != NULL || c->flags[CLI_FLAG_ADAPT] != NULL;
    int status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = cli_need(c, CLI_FLAG_OUT);
    if (status == CLI_OK) status = cli_check_place(c, CLI_FLAG_OUT);
    if (status == CLI_OK && c->flags[CLI_FLAG_CHECKPOINT] != NULL)
        status = cli_check_place(c, CLI_FLAG_CHECKPOINT);
    if (status == CLI_OK && c->flags[CLI_FLAG_CHECKPOINT_EVERY] != NULL && c->flags[CLI_FLAG_CHECKPOINT] == NULL)
        status = cli_wrong(c, "--checkpoint-every needs --checkpoint");
    if (status == CLI_OK) status = read_settings(c, &options);
    if (status == CLI_OK && seqd_options_get_str(options, "model", &network, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK)
        status = kept ? fit_kept(c, options, dataset, &model, &summary, &stopped)
                      : fit(c, options, dataset, &model, &summary, &stopped);
    if (status == CLI_OK) status = save(c, model, &summary, network, stopped);
    seqd_model_release(model);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return status;
}
