/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_CORE_OPTION_SCOPE_H
#define SEQD_CORE_OPTION_SCOPE_H

#include "options.h"

/*
 * Where an option has an effect. The table's column says it as conditions on other options, all of which must hold:
 * "model=encdec attention=additive/multihead"; a name alone holds where that option is not at its default; " or "
 * stands between such lists. An option set elsewhere would be passed over in silence, so whatever is made from options
 * refuses it (seqd_options_refuse_idle), by this rule alone. Each refuses its own groups: a dataset data; a model also
 * model and training, and a trainer training once more, for it may have other options; a backtest or a search all.
 *
 * Two things are let through. What is inherited (from a model's file, or from the model that is adapted) was not asked
 * for. And a file of options may state an experiment that several models share: there, what another kind of model reads
 * is passed over with a warning in the log.
 */
enum {
    SEQD_GROUP_DATA = 1,
    SEQD_GROUP_MODEL = 2,
    SEQD_GROUP_TRAINING = 4,
    SEQD_GROUP_EVALUATION = 8
};

/* An option that takes several values in turn: kinds of model "lstm,gru", or the range of a search "lstm|gru". */
typedef struct seqd_varied {
    seqd_option_id id;
    const char *words;
} seqd_varied;

typedef struct seqd_scope {
    const seqd_options *network;  /* settings of data and model */
    const seqd_options *options;  /* all others */
    const seqd_varied *varied;    /* [varied_count] go before both; a condition holds when it does for one of them */
    int32_t varied_count;
} seqd_scope;

/* Has the option an effect there? `failed` (may be NULL) tells whose value is against it. */
bool seqd_option_concerns(seqd_option_id id, const seqd_scope *scope, seqd_option_id *failed);
/*
 * SEQD_E_OPTION for the first option of `options` in the groups (SEQD_GROUP_ added) that was asked for, differs from
 * its default and has no effect in the scope.
 */
int32_t seqd_options_refuse_idle(const seqd_options *options, const seqd_scope *scope, int32_t groups,
                                 seqd_error *error);
/* The same of settings for one network. */
int32_t seqd_options_refuse_own_idle(const seqd_options *options, int32_t groups, seqd_error *error);
/* Back to its default goes every option of the groups without effect: what one of several models leaves to others. */
void seqd_options_drop_idle(seqd_options *options, const seqd_scope *scope, int32_t groups);
/* From here on every setting counts as inherited. */
void seqd_options_settle(seqd_options *options);

#endif
