/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* place, trial, round, steps, measures, message, settings */
typedef struct tune_sheet {
    cli_column *columns;
    cli_sheet sheet;
    bool full; /* for machines */
} tune_sheet;

static void open_sheet(tune_sheet *s, const seqd_tuner *tuner, bool full, bool rounds)
{
    int32_t metrics = seqd_tuner_metric_count(tuner), ranges = seqd_tuner_range_count(tuner), count = 0;
    s->full = full;
    s->columns = cli_alloc((size_t)(5 + metrics + ranges), sizeof *s->columns);
    s->columns[count++] = (cli_column){ "place", "place", 0 };
    s->columns[count++] = (cli_column){ "trial", "trial", 0 };
    if (full || rounds) s->columns[count++] = (cli_column){ "round", "round", 0 };
    if (full || rounds) s->columns[count++] = (cli_column){ "steps", "steps", 0 };
    for (int32_t i = 0; i < metrics; i++) {
        const char *name = seqd_tuner_metric_name(tuner, i);
        if (full || i == seqd_tuner_deciding_metric(tuner)) s->columns[count++] = (cli_column){ name, name, 4 };
    }
    for (int32_t i = 0; i < ranges; i++) {
        const char *name = seqd_tuner_range_name(tuner, i);
        s->columns[count++] = (cli_column){ name, name, CLI_TEXT };
    }
    s->columns[count++] = (cli_column){ "message", "", CLI_TEXT };
    cli_sheet_create(&s->sheet, s->columns, count);
}

static void close_sheet(tune_sheet *s)
{
    cli_sheet_release(&s->sheet);
    free(s->columns);
}

static void add_row(tune_sheet *s, const seqd_tuner *tuner, int32_t place, const seqd_trial *trial, bool rounds)
{
    cli_sheet_number(&s->sheet, place + 1);
    cli_sheet_number(&s->sheet, trial->trial);
    if (s->full || rounds) cli_sheet_number(&s->sheet, trial->round);
    if (s->full || rounds) cli_sheet_number(&s->sheet, (double)trial->steps);
    for (int32_t i = 0; i < seqd_tuner_metric_count(tuner); i++) {
        double value = 0;
        if (!s->full && i != seqd_tuner_deciding_metric(tuner)) continue;
        seqd_tuner_metric(tuner, trial->trial, i, &value, NULL);
        cli_sheet_number(&s->sheet, value);
    }
    for (int32_t i = 0; i < seqd_tuner_range_count(tuner); i++)
        cli_sheet_text(&s->sheet, seqd_tuner_value(tuner, trial->trial, i));
    cli_sheet_text(&s->sheet, trial->message);
}

static int write_table(cli *c, const seqd_tuner *tuner, bool rounds, const cli_output *output, int64_t top)
{
    bool machine = c->flags[CLI_FLAG_JSON] != NULL;
    int32_t trials = seqd_tuner_trial_count(tuner);
    tune_sheet full, short_one;
    int status = CLI_OK;
    open_sheet(&full, tuner, true, rounds);
    open_sheet(&short_one, tuner, false, rounds);
    for (int32_t place = 0; place < trials && status == CLI_OK; place++) {
        seqd_trial trial = { .struct_size = (uint32_t)sizeof trial };
        if (seqd_tuner_get_trial(tuner, place, &trial, &c->error) != SEQD_OK) status = cli_failed(c);
        add_row(&full, tuner, place, &trial, rounds);
        add_row(&short_one, tuner, place, &trial, rounds);
    }
    if (status == CLI_OK) {
        if (c->flags[CLI_FLAG_OUT] != NULL) cli_sheet_csv(&full.sheet, output->file);
        if (c->flags[CLI_FLAG_OUT] != NULL && output->path == NULL) machine = false; /* the CSV is what was asked for */
        else if (machine) cli_sheet_json(&full.sheet, stdout);
        else {
            cli_sheet_table(&short_one.sheet, stdout, top);
            if (top < trials) printf("... and %s more\n", cli_count(trials - top));
        }
    }
    close_sheet(&full);
    close_sheet(&short_one);
    return status;
}

static void tell_trial(const cli *c, const seqd_tuner *tuner, int32_t number)
{
    seqd_trial best = { .struct_size = (uint32_t)sizeof best };
    double score = 0;
    char text[32], best_text[32];
    int32_t metric = seqd_tuner_deciding_metric(tuner);
    if (seqd_tuner_get_trial(tuner, 0, &best, NULL) != SEQD_OK
        || seqd_tuner_metric(tuner, number, metric, &score, NULL) != SEQD_OK)
        return;
    cli_note(c, "%d/%d: trial %d, %s %s; best %s of trial %d", (int)seqd_tuner_done(tuner),
             (int)seqd_tuner_total(tuner), (int)number, seqd_tuner_metric_name(tuner, metric),
             score == score ? cli_number(score, text) : "not measured", cli_number(best.score, best_text),
             (int)best.trial);
}

static int search(cli *c, seqd_tuner *tuner, seqd_dataset *dataset)
{
    const char *state = c->flags[CLI_FLAG_STATE];
    int32_t trial = 0, ran = SEQD_OK;
    if (state != NULL && seqd_tuner_open_state(tuner, dataset, state, &c->error) != SEQD_OK)
        return cli_failed_option(c);
    if (seqd_tuner_done(tuner) > 0)
        cli_note(c, "%s: %d of %d steps are done", state, (int)seqd_tuner_done(tuner), (int)seqd_tuner_total(tuner));
    cli_interruptible(true);
    while (ran == SEQD_OK && trial >= 0) {
        ran = seqd_tuner_step(tuner, dataset, &trial, &c->error);
        cli_progress_clear();
        if (ran == SEQD_OK && trial >= 0) tell_trial(c, tuner, trial);
    }
    cli_interruptible(false);
    if (ran == SEQD_STOPPED)
        return cli_fail(c, "stopped after %d of %d steps; %s", (int)seqd_tuner_done(tuner),
                        (int)seqd_tuner_total(tuner),
                        state != NULL ? "the same command goes on from there" : "nothing was kept (see --state)");
    if (ran != SEQD_OK) return cli_failed_option(c);
    seqd_trial best = { .struct_size = (uint32_t)sizeof best };
    if (seqd_tuner_get_trial(tuner, 0, &best, &c->error) != SEQD_OK) return cli_failed(c);
    if (best.status != SEQD_OK) return cli_fail(c, "no trial could be trained; the first one: %s", best.message);
    return CLI_OK;
}

static int write_best(cli *c, const seqd_tuner *tuner)
{
    seqd_trial best = { .struct_size = (uint32_t)sizeof best };
    seqd_options *options = NULL;
    const char *path = c->flags[CLI_FLAG_BEST];
    if (path == NULL) return CLI_OK;
    bool good = seqd_tuner_get_trial(tuner, 0, &best, &c->error) == SEQD_OK
                && seqd_tuner_get_options(tuner, best.trial, &options, &c->error) == SEQD_OK
                && seqd_options_save(options, path, &c->error) == SEQD_OK;
    seqd_options_release(options);
    if (!good) return cli_failed(c);
    cli_note(c, "wrote %s", path);
    return CLI_OK;
}

static int create(cli *c, const seqd_options *options, seqd_tuner **tuner)
{
    if (c->range_count == 0) return cli_wrong(c, "--range name=range is needed: what shall vary?");
    if (seqd_tuner_create(options, tuner, &c->error) != SEQD_OK) return cli_failed(c);
    for (int32_t i = 0; i < c->range_count; i++)
        if (seqd_tuner_add_range(*tuner, c->ranges[i].name, c->ranges[i].value, &c->error) != SEQD_OK)
            return cli_failed_option(c);
    return CLI_OK;
}

int cli_tune(cli *c)
{
    seqd_options *options = NULL;
    seqd_dataset *dataset = NULL;
    seqd_tuner *tuner = NULL;
    cli_output output = { NULL, NULL, NULL };
    const char *method = "";
    int64_t top = 20;
    int status = cli_need(c, CLI_FLAG_DATA);
    if (status == CLI_OK) status = cli_flag_whole(c, CLI_FLAG_TOP, 1, 1000000, &top);
    if (status == CLI_OK) status = cli_read_options(c, NULL, &options);
    if (status == CLI_OK) status = create(c, options, &tuner);
    if (status == CLI_OK) status = cli_check_place(c, CLI_FLAG_BEST);
    if (status == CLI_OK) status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status == CLI_OK && seqd_options_get_str(options, "method", &method, &c->error) != SEQD_OK)
        status = cli_failed(c);
    if (status == CLI_OK) status = cli_read_data(c, options, c->flags[CLI_FLAG_DATA], &dataset);
    if (status == CLI_OK) status = search(c, tuner, dataset);
    if (status == CLI_OK) status = write_table(c, tuner, strcmp(method, "halving") == 0, &output, top);
    if (status == CLI_OK) status = write_best(c, tuner);
    if (status == CLI_OK) {
        if (output.path != NULL) cli_note(c, "wrote %s", output.path);
        status = cli_output_finish(c, &output);
    }
    cli_output_release(&output);
    seqd_tuner_release(tuner);
    seqd_dataset_release(dataset);
    seqd_options_release(options);
    return status;
}
