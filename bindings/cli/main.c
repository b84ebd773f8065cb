/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const cli_command cli_commands[] = {
    { "train", CLI_TRAIN, cli_train, "learn from a demand table and write a model",
      "--data F [--freq D] [--horizon 28] [--model lstm] [--set k=v ...] --out m.seqd",
      "Ctrl-C ends the training early and writes the best weights so far; a second Ctrl-C writes nothing." },
    { "forecast", CLI_FORECAST, cli_forecast, "forecast every article of a table",
      "--model m.seqd --data F [--quantiles 0.1,0.5,0.9] [--out f.csv]",
      "Writes unique_id, ds, mean and a column per level: the mean for totals, 0.5 for a single best guess." },
    { "backtest", CLI_BACKTEST, cli_backtest, "compare models on what came true, over several windows of the past",
      "--data F [--freq D] [--horizon 28] [--windows 3] [--models lstm,seasonal_naive,croston]\n"
      "[--json] [--out backtest.csv]", "" },
    { "tune", CLI_TUNE, cli_tune, "search good settings on the past of a demand table",
      "--data F --range k=RANGE [--range k=RANGE ...] [--trials 20] [--method halving]\n"
      "[--state s.csv] [--best best.conf] [--json] [--out trials.csv]",
      "Every trial is judged as backtest does it, by option metric. With --state a search that was interrupted goes\n"
      "on where it was, and ends with the same table. What --best writes is for --config." },
    { "classify", CLI_CLASSIFY, cli_classify, "answer sequences of events: a class and its probability, or a number",
      "--model m.seqd --data events.csv [--out p.csv]\n"
      "--model m.seqd --data events.csv --metrics [--which every]",
      "For models trained with --task classify or --task regress." },
    { "cross-validate", CLI_CROSS, cli_cross_validate, "measure a model of events on parts held out in turn",
      "--data events.csv --task classify [--folds 5] [--set k=v ...] [--json] [--out folds.csv]", "" },
    { "evaluate", CLI_EVALUATE, cli_evaluate, "measure forecasts in a file against what came true",
      "--forecast f.csv --actual a.csv --history F [--season 7] [--json]",
      "A date without a row in --actual counts as its option fill says: as 0 unless --fill is given." },
    { "reorder", CLI_REORDER, cli_reorder_command, "say what to order, most urgent first",
      "--model m.seqd --data F --stock s.csv --lead-time 14 [--review 7] [--service-level 0.95]\n"
      "[--out reorder.csv]",
      "Values per article in the stock file (lead_time, review_period, ...) go before those of the flags." },
    { "report", CLI_REPORT, cli_report, "write one HTML file: charts, reorder list, backtest, what cleaning did",
      "--model m.seqd --data F [--stock s.csv --lead-time 14 ...] [--backtest backtest.csv]\n"
      "[--series a,b,c] --out report.html", "" },
    { "explain", CLI_EXPLAIN, cli_explain, "say what a model goes by, or why it answers as it does",
      "--model m.seqd --data F [--series ID] [--repeats 5] [--json] [--out why.csv]",
      "Without --series: by how much the loss on the data rises when a feature is taken from other windows. With it:\n"
      "how much each input of each step adds to the answer (integrated gradients)." },
    { "describe", CLI_DESCRIBE, cli_describe, "list the options, or show the card of a model",
      "[m.seqd] [--json | --markdown]", "" },
};
const int32_t cli_command_count = (int32_t)(sizeof cli_commands / sizeof cli_commands[0]);

static const cli_command *find_command(const cli *c, const char *name)
{
    const char *names[sizeof cli_commands / sizeof cli_commands[0]];
    for (int32_t i = 0; i < cli_command_count; i++) {
        if (strcmp(cli_commands[i].name, name) == 0) return &cli_commands[i];
        names[i] = cli_commands[i].name;
    }
    const char *nearest = cli_nearest(name, names, cli_command_count);
    if (nearest != NULL) cli_wrong(c, "unknown command '%s'; did you mean %s?", name, nearest);
    else cli_wrong(c, "unknown command '%s'", name);
    return NULL;
}

static void print_version(void)
{
    printf("seqdemand %d.%d.%d, library %s (%s)\n", SEQD_VERSION_MAJOR, SEQD_VERSION_MINOR, SEQD_VERSION_PATCH,
           seqd_version_string(), seqd_build_info());
}

static int run(cli *c, int argc, char **argv)
{
    if (argc < 2) {
        cli_print_help(stderr);
        return CLI_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        print_version();
        return CLI_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const cli_command *command = argc > 2 ? find_command(c, argv[2]) : NULL;
        if (argc > 2 && command == NULL) return CLI_USAGE;
        if (command != NULL) cli_print_command_help(stdout, command);
        else cli_print_help(stdout);
        return CLI_OK;
    }
    const cli_command *command = find_command(c, word);
    if (command == NULL) return CLI_USAGE;
    c->command = command;
    int status = cli_parse(c, argc - 2, argv + 2);
    if (status == CLI_OK && c->flags[CLI_FLAG_HELP] != NULL) {
        cli_print_command_help(stdout, command);
        return CLI_OK;
    }
    if (status == CLI_OK) status = cli_open(c);
    if (status == CLI_OK) status = command->run(c);
    seqd_context_release(c->context);
    return status;
}

int main(int argc, char **argv)
{
    cli c = { .error = SEQD_ERROR_INIT };
    int status = run(&c, argc, argv);
    cli_progress_clear();
    /* A full disk behind standard output shows only here. */
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == CLI_OK)
        status = cli_fail(&c, "standard output could not be written");
    cli_parse_release(&c);
    return status;
}
