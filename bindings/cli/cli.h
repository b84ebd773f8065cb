/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CLI_H
#define SEQD_CLI_H

/*
 * The command line program: a thin reader of flags and writer of tables over the installed headers.
 *
 * Functions that return int answer the exit code of the process: CLI_OK to go on, CLI_FAILED when the request failed,
 * CLI_USAGE when it was put wrongly. Whoever finds the fault prints it; callers only pass the code on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <seqdemand/seqdemand.h>

#define CLI_OK 0
#define CLI_FAILED 1
#define CLI_USAGE 2

/* Commands as bits, for the mask in the table of flags. */
#define CLI_TRAIN 1u
#define CLI_FORECAST 2u
#define CLI_BACKTEST 4u
#define CLI_EVALUATE 8u
#define CLI_REORDER 16u
#define CLI_REPORT 32u
#define CLI_DESCRIBE 64u
#define CLI_TUNE 128u
#define CLI_EXPLAIN 256u
#define CLI_CLASSIFY 512u
#define CLI_CROSS 1024u
#define CLI_ALL 2047u
/* Commands that train: every option has a meaning. */
#define CLI_TRAINING (CLI_TRAIN | CLI_BACKTEST | CLI_TUNE | CLI_CROSS)
#define CLI_STOCKED (CLI_REORDER | CLI_REPORT)
#define CLI_FROM_MODEL (CLI_FORECAST | CLI_REORDER | CLI_REPORT | CLI_EXPLAIN | CLI_CLASSIFY)

/*
 * Flags that are not options of the library. A command that does not have a flag hands the name to the option table.
 *   X(id, name, placeholder of the value or NULL for a switch, commands, help)
 */
#define CLI_FLAG_TABLE(X)                                                                                              \
    X(DATA, "data", "FILE", CLI_TRAINING | CLI_FROM_MODEL,                                                             \
      "demand table: .csv, .csv.gz, or - for standard input")                                                          \
    X(MODEL, "model", "FILE", CLI_FROM_MODEL, "model file, as written by train")                                       \
    X(FORECAST, "forecast", "FILE", CLI_EVALUATE, "forecasts to judge: unique_id, ds, mean, q0.1, ...")                \
    X(ACTUAL, "actual", "FILE", CLI_EVALUATE, "what came true: a demand table that covers the forecast dates")         \
    X(HISTORY, "history", "FILE", CLI_EVALUATE, "the demand before: scales mase and rmsse")                            \
    X(HORIZON, "horizon", "N", CLI_FORECAST, "steps to write, at most those of the model")                             \
    X(QUANTILES, "quantiles", "LIST", CLI_FORECAST, "levels to write (default 0.1,0.5,0.9)")                           \
    X(MODELS, "models", "LIST", CLI_BACKTEST,                                                                          \
      "what to compare: lstm, gru, naive, seasonal_naive, naive2, moving_average, ses, croston, sba, tsb, zero")       \
    X(RANGE, "range", "K=RANGE", CLI_TUNE,                                                                             \
      "what an option is drawn from: 32:128, 1e-4:1e-2:log, 16:128:16, lstm,gru, 64|128,64; once for each option")     \
    X(STATE, "state", "FILE", CLI_TUNE,                                                                                \
      "where the search is kept after every trial; the same command goes on from there")                               \
    X(BEST, "best", "FILE", CLI_TUNE, "where the best settings go, for --config")                                      \
    X(STOCK, "stock", "FILE", CLI_STOCKED,                                                                             \
      "stock levels: unique_id, on_hand, and where wanted on_order, lead_time, review_period, service_level, "         \
      "pack_size, min_order, lead_time_std")                                                                           \
    X(LEAD_TIME, "lead_time", "N", CLI_STOCKED, "steps from an order to its arrival")                                  \
    X(REVIEW, "review", "N", CLI_STOCKED, "steps between two occasions to order (default 1)")                          \
    X(LEAD_TIME_STD, "lead_time_std", "D", CLI_STOCKED, "standard deviation of the lead time, in steps (default 0)")   \
    X(SERVICE_LEVEL, "service_level", "P", CLI_STOCKED, "the share that service is about (default 0.95)")              \
    X(SERVICE, "service", "KIND", CLI_STOCKED,                                                                         \
      "cycle: chance of no stock-out in a cycle; fill-rate: share of demand served from stock (default cycle)")        \
    X(PACK_SIZE, "pack_size", "Q", CLI_STOCKED, "order in multiples of this")                                          \
    X(MIN_ORDER, "min_order", "Q", CLI_STOCKED, "smallest order")                                                      \
    X(PATHS, "paths", "N", CLI_STOCKED, "sample paths per article (default 1000)")                                     \
    X(TOP, "top", "N", CLI_REORDER | CLI_TUNE, "rows of the printed table; the rest is counted")                       \
    X(BACKTEST, "backtest", "FILE", CLI_REPORT, "table written by backtest --out")                                     \
    X(METRICS, "metrics", NULL, CLI_CLASSIFY, "measure the answers by the labels of the data instead of writing them") \
    X(WHICH, "which", "WHICH", CLI_CLASSIFY,                                                                           \
      "events to answer after: end (the last one; default), labelled (the last with a label), every (all with one)")   \
    X(REPEATS, "repeats", "N", CLI_EXPLAIN, "times that each feature is permuted (default 5)")                         \
    X(ONE, "series", "ID", CLI_EXPLAIN, "explain the answer to this one, step by step")                                \
    X(CLASS, "class", "N", CLI_EXPLAIN, "number of the class to explain (default: the most probable)")                 \
    X(SERIES, "series", "LIST", CLI_REPORT, "articles to draw (default: 6 with most demand, those to order first)")    \
    X(WHY, "why", NULL, CLI_REPORT, "also draw what the forecasts go by, and why they are what they are")              \
    X(TITLE, "title", "TEXT", CLI_REPORT, "heading of the report")                                                     \
    X(UNIT, "unit", "TEXT", CLI_REPORT, "what is counted (default units)")                                             \
    X(OUT, "out", "FILE", CLI_ALL, "where the result goes; - is standard output")                                      \
    X(CHECKPOINT, "checkpoint", "FILE", CLI_TRAIN,                                                                     \
      "keep the state of the training here, to go on after an interruption")                                           \
    X(CHECKPOINT_EVERY, "checkpoint_every", "N", CLI_TRAIN, "steps between two checkpoints (default: val_every)")      \
    X(RESUME, "resume", "FILE", CLI_TRAIN,                                                                             \
      "go on with an interrupted training: the same data, the settings of the checkpoint")                             \
    X(UPDATE, "update", "FILE", CLI_TRAIN,                                                                             \
      "train on with newer rows, from a checkpoint's weights and optimizer state")                                     \
    X(ADAPT, "adapt", "FILE", CLI_TRAIN,                                                                               \
      "start from the weights of this model: for new rows, new categories, other settings")                            \
    X(JSON, "json", NULL, CLI_ALL & ~CLI_REPORT, "print JSON")                                                         \
    X(MARKDOWN, "markdown", NULL, CLI_DESCRIBE, "print the reference page of the options")                             \
    X(SET, "set", "K=V", CLI_ALL & ~CLI_DESCRIBE, "set an option; the same as --K V")                                  \
    X(CONFIG, "config", "FILE", CLI_ALL & ~CLI_DESCRIBE, "read options from lines of `key = value`; flags win")        \
    X(THREADS, "threads", "N", CLI_ALL, "threads (default: every processor this process may use)")                     \
    X(KERNELS, "kernels", "LEVEL", CLI_ALL, "ref, avx2, avx512 or auto (default)")                                     \
    X(PROGRESS, "progress", NULL, CLI_ALL, "show the progress bar even when standard error is not a terminal")         \
    X(VERBOSE, "verbose", NULL, CLI_ALL, "tell more on standard error")                                                \
    X(QUIET, "quiet", NULL, CLI_ALL, "tell nothing but errors")                                                        \
    X(HELP, "help", NULL, CLI_ALL, "this text")

typedef enum cli_flag {
#define X(id, ...) CLI_FLAG_##id,
    CLI_FLAG_TABLE(X)
#undef X
    CLI_FLAG_COUNT
} cli_flag;

typedef struct cli cli;

typedef struct cli_command {
    const char *name;
    unsigned bit;
    int (*run)(cli *c);
    const char *summary;
    const char *synopsis; /* what follows the name */
    const char *details;  /* further lines of its help, or "" */
} cli_command;

/* An option given on the command line, in the order given. */
typedef struct cli_setting {
    char *name;
    const char *value;
} cli_setting;

struct cli {
    const cli_command *command; /* NULL before it is known */
    const char *flags[CLI_FLAG_COUNT]; /* NULL: not given; a switch that was given is "" */
    cli_setting *settings;
    int32_t setting_count;
    cli_setting *ranges; /* of --range */
    int32_t range_count;
    const char *operand; /* the one word that is not a flag, or NULL */
    seqd_context *context;
    seqd_error error;
};

extern const cli_command cli_commands[];
extern const int32_t cli_command_count;

/* --- text.c: memory, messages and numbers as text. Running out of memory ends the program with CLI_FAILED. --- */
void *cli_alloc(size_t count, size_t size);
void *cli_grow(void *pointer, size_t count, size_t size);
char *cli_copy(const char *text);
/* New text from pieces, to be freed; the list ends with NULL. */
char *cli_join(const char *first, ...);
/* A list separated by commas, blanks around members dropped. The array is one block, to be freed. */
char **cli_split(const char *list, int32_t *count);
/* "seqdemand: train: ..." on standard error; answer CLI_FAILED or CLI_USAGE. */
int cli_fail(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_wrong(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The message the library left in c->error. CLI_USAGE for a wrong option when `usage`, else CLI_FAILED. */
int cli_failed(const cli *c);
int cli_failed_option(const cli *c);
/* A remark on standard error, silent with --quiet. */
void cli_note(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 1234567 as "1,234,567". Four buffers in turn, so four calls may stand in one printf. */
const char *cli_count(int64_t value);
/* Nine digits, no -0; "" for what is not finite. `text` takes 32 bytes. */
const char *cli_number(double value, char *text);
/* A flag's value as a number: whole, or any; CLI_USAGE names the flag. Nothing is written when it was not given. */
int cli_flag_whole(const cli *c, cli_flag flag, int64_t minimum, int64_t maximum, int64_t *value);
int cli_flag_real(const cli *c, cli_flag flag, double *value);
bool cli_parse_real(const char *text, double *value);

/* --- args.c --- */
/* Reads what follows the command's name. */
int cli_parse(cli *c, int argc, char **argv);
void cli_parse_release(cli *c);
/* As it is typed, with '-'; until the next call. */
const char *cli_flag_name(cli_flag flag);
/* CLI_USAGE unless the flag was given. */
int cli_need(const cli *c, cli_flag flag);
/* Nearest of `names` to `word`, or NULL when none is near. */
const char *cli_nearest(const char *word, const char *const *names, int32_t count);

/* --- help.c --- */
void cli_print_help(FILE *file);
void cli_print_command_help(FILE *file, const cli_command *command);

/* --- session.c: what most commands begin with --- */
int cli_open(cli *c);
/* Options: of `model` or the defaults, then --config, then the flags in their order. */
int cli_read_options(cli *c, const seqd_model *model, seqd_options **out);
/*
 * Hours of work should not end at a folder that does not exist: a file beside the place named by `flag` is made and
 * dropped again before the work begins.
 */
int cli_check_place(cli *c, cli_flag flag);
/* Reads a demand table and tells what cleaning did. */
int cli_read_data(cli *c, const seqd_options *options, const char *path, seqd_dataset **out);
/* --model and --data: a model, the data read as it asks, and the forecast from their end. */
typedef struct cli_prediction {
    seqd_model *model;
    seqd_options *options;
    seqd_dataset *dataset;
    seqd_forecast *forecast;
} cli_prediction;
int cli_predict(cli *c, cli_prediction *out);
void cli_prediction_release(cli_prediction *prediction);
/* First date of any series and last date of any history, for texts of 24 bytes. */
void cli_date_range(const seqd_dataset *dataset, char *first, char *last);
/* Compares two dates of one frequency as told by seqd_dataset_date. */
int cli_date_order(const char *a, const char *b);
/* "day" for "D", "step" for "int", ... */
const char *cli_step_name(const char *frequency);

/* --- progress.c: the bar, and Ctrl-C --- */
int cli_progress_install(cli *c);
/* A further word on every progress report, NULL: none; true asks to stop. */
void cli_progress_listen(bool (*listen)(void *user, const seqd_progress *progress), void *user);
/* Between the two, SIGINT and SIGTERM stop the library at its next progress call; a second one ends the program. */
void cli_interruptible(bool on);
/* Removes the bar, before anything else is printed on standard error. */
void cli_progress_clear(void);

/* --- output.c: files, and one table in three dresses --- */
/*
 * The place of a result. A file is written under a temporary name, opened before the work begins so that a wrong path
 * is found at once, and renamed when the work is done.
 */
typedef struct cli_output {
    FILE *file;
    char *path; /* NULL: standard output */
    char *temporary; /* NULL: written in place, as a pipe or a device must be */
} cli_output;
int cli_output_open(cli *c, const char *path, cli_output *output);
/* Closes, checks and renames. */
int cli_output_finish(const cli *c, cli_output *output);
/* Drops what was not finished. */
void cli_output_release(cli_output *output);

typedef struct cli_column {
    const char *name;    /* in CSV and JSON */
    const char *heading; /* in the table for people, with its unit */
    int32_t decimals;    /* of numbers for people; CLI_TEXT for a column of text */
} cli_column;
#define CLI_TEXT (-1)

typedef struct cli_sheet {
    const cli_column *columns; /* of the caller */
    int32_t column_count;
    int64_t row_count;
    int64_t cell_count;
    int64_t room;
    struct cli_cell {
        char *text;
        double number;
    } *cells;
} cli_sheet;
void cli_sheet_create(cli_sheet *sheet, const cli_column *columns, int32_t column_count);
void cli_sheet_release(cli_sheet *sheet);
/* Cells are appended row by row, left to right. A text is copied. NaN is an empty cell. */
void cli_sheet_text(cli_sheet *sheet, const char *text);
void cli_sheet_number(cli_sheet *sheet, double number);
void cli_sheet_csv(const cli_sheet *sheet, FILE *file);
/* {"rows":[{...}]} */
void cli_sheet_json(const cli_sheet *sheet, FILE *file);
/* Aligned columns of the first `top` rows. */
void cli_sheet_table(const cli_sheet *sheet, FILE *file, int64_t top);
/* The three as --out and --json ask: CSV to `output` when it is a file, JSON or a table to standard output. */
void cli_sheet_write(const cli *c, const cli_sheet *sheet, const cli_output *output, bool table_too, int64_t top);

void cli_csv_text(FILE *file, const char *text);
void cli_json_text(FILE *file, const char *text);
void cli_json_number(FILE *file, double value);

/* --- stock.c: stock levels and the reorder list --- */
typedef struct cli_article {
    const char *id;
    int64_t series; /* of the dataset and the forecast */
    double on_hand;
    double on_order;
    int32_t lead_time;
    seqd_reorder reorder;
    char stockout[24]; /* date, "" for none within the forecast */
} cli_article;

typedef struct cli_reorder_list {
    cli_article *articles; /* by urgency: alert, then stock-out, then quantity */
    int64_t count;
    int64_t alerts;
    int64_t orders; /* with an order quantity above 0 */
    int64_t without_stock; /* series of the data that the stock file does not know */
    int64_t unknown; /* articles of the stock file that the data do not know */
    double service_level; /* of the flags */
    int32_t service;
} cli_reorder_list;
int cli_reorder(cli *c, const cli_prediction *prediction, cli_reorder_list *out);
void cli_reorder_release(cli_reorder_list *list);
void cli_reorder_sheet(const cli_reorder_list *list, cli_sheet *sheet);

/* --- the commands --- */
int cli_train(cli *c);
int cli_tune(cli *c);
int cli_explain(cli *c);
int cli_classify(cli *c);
int cli_cross_validate(cli *c);
int cli_forecast(cli *c);
int cli_backtest(cli *c);
int cli_evaluate(cli *c);
int cli_reorder_command(cli *c);
int cli_report(cli *c);
int cli_describe(cli *c);

#endif
