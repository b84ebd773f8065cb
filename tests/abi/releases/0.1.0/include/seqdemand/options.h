/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_OPTIONS_H
#define SEQDEMAND_OPTIONS_H

#include <seqdemand/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One set of named settings for datasets, models, optimizers, trainers and backtests: each reads its own group.
 * Every name, type, range, default, scope and help line is in one table, listed by seqd_options_describe and in
 * docs/options.md. A value is checked when it is set; an unknown name is answered with the nearest known one.
 *
 * Whatever is made from options refuses an option of its own that was set to something else than its default and has
 * no effect there: SEQD_E_OPTION names it and what it goes with (`attention` of a model=lstm, `val_fraction` of
 * forecasts). Comparisons (backtests, ensembles of several kinds, searches) refuse what concerns none of the models
 * named; simple methods read nothing but the few options that are theirs. A file of options may state an experiment
 * that several models share: what it sets for another kind of model is passed over with a warning in the log.
 */
typedef struct seqd_options seqd_options;

SEQD_API int32_t seqd_options_create(seqd_context *context, seqd_options **out, seqd_error *error);
SEQD_API int32_t seqd_options_copy(const seqd_options *options, seqd_options **out, seqd_error *error);
SEQD_API void seqd_options_release(seqd_options *options);

/*
 * Set one option. _str accepts every type as text ("28", "0.1,0.5,0.9", "lstm"), with '.' as decimal point in any
 * locale; _i64 serves whole numbers, _f64 numbers.
 * Errors: SEQD_E_OPTION names the option and what it accepts; SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_options_set_i64(seqd_options *options, const char *name, int64_t value, seqd_error *error);
SEQD_API int32_t seqd_options_set_f64(seqd_options *options, const char *name, double value, seqd_error *error);
SEQD_API int32_t seqd_options_set_str(seqd_options *options, const char *name, const char *value, seqd_error *error);

/* Read one back. _str gives any option as text; the string lives until that option is set again. */
SEQD_API int32_t seqd_options_get_i64(const seqd_options *options, const char *name, int64_t *value,
                                      seqd_error *error);
SEQD_API int32_t seqd_options_get_f64(const seqd_options *options, const char *name, double *value,
                                      seqd_error *error);
SEQD_API int32_t seqd_options_get_str(const seqd_options *options, const char *name, const char **value,
                                      seqd_error *error);

/*
 * Reads `key = value` lines from a file; '#' starts a comment. Nothing is changed unless every line is good.
 * Errors: SEQD_E_IO, SEQD_E_OPTION with the line.
 */
SEQD_API int32_t seqd_options_load(seqd_options *options, const char *path, seqd_error *error);

/*
 * Writes every option that was set, as lines that seqd_options_load reads. An old file is replaced as one step.
 * Errors: SEQD_E_IO, SEQD_E_NOMEM; SEQD_E_OPTION for a value that no such line can hold (one with a line break).
 */
SEQD_API int32_t seqd_options_save(const seqd_options *options, const char *path, seqd_error *error);

/* One row of the option table. All strings are static. Grown only at the end. */
typedef struct seqd_option_info {
    uint32_t struct_size;
    const char *name;
    const char *type;          /* "integer", "number", "text", "choice", "integers", "numbers", "names" */
    const char *group;         /* "data", "model", "training", "evaluation" */
    const char *default_value; /* as text */
    const char *choices;       /* "a|b|c" for a choice, else "" */
    double minimum;            /* of numbers and of list members */
    double maximum;
    const char *help;
    /*
     * Where the option has an effect, as conditions on others of which all must hold: "model=encdec decoding=step",
     * "task=regress/classify"; a name alone holds where that option is not at its default; " or " stands between such
     * lists. "": always.
     */
    const char *scope;
} seqd_option_info;

/* How many options there are, and the one at `index`. Any thread. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_options_count(void);
SEQD_API int32_t seqd_options_describe(int32_t index, seqd_option_info *info, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
