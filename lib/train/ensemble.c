/* SPDX-License-Identifier: Apache-2.0 */
#include "trainer.h"

#include <string.h>

#include "context.h"
#include "option_scope.h"
#include "status.h"
#include "text.h"

static int32_t count_kinds(const char *kinds)
{
    const char *item;
    size_t length;
    int32_t count = 0;
    while (seqd_next_item(&kinds, &item, &length)) count++;
    return count;
}

bool seqd_ensemble_asked(const seqd_options *options)
{
    return seqd_option_i64(options, SEQD_OPT_ENSEMBLE_SIZE) > 1 ||
           count_kinds(seqd_option_text(options, SEQD_OPT_ENSEMBLE_MODELS)) > 0;
}

/* What concerns none of the members is refused here; what concerns another kind is left out of a member's settings. */
static int32_t refuse_idle(const seqd_options *options, const char *task, seqd_error *error)
{
    const char *kinds = seqd_option_text(options, SEQD_OPT_ENSEMBLE_MODELS);
    const seqd_varied varied[] = {{SEQD_OPT_TASK, task}, {SEQD_OPT_MODEL, kinds}};
    const seqd_scope scope = {options, options, varied, count_kinds(kinds) > 0 ? 2 : 1};
    return seqd_options_refuse_idle(options, &scope, SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING, error);
}

static void drop_idle(seqd_options *options, const char *task)
{
    const seqd_varied varied[] = {{SEQD_OPT_TASK, task}};
    const seqd_scope scope = {options, options, varied, 1};
    seqd_options_drop_idle(options, &scope, SEQD_GROUP_MODEL | SEQD_GROUP_TRAINING);
}

/* The settings of member `index`: a seed of its own, and its kind of network where kinds are named. */
static int32_t member_options(const seqd_options *options, int32_t index, const char *task, seqd_options **out,
                              seqd_error *error)
{
    const char *kinds = seqd_option_text(options, SEQD_OPT_ENSEMBLE_MODELS), *item;
    const int32_t count = count_kinds(kinds);
    char text[SEQD_NUMBER_SIZE], kind[32];
    seqd_options *own = NULL;
    size_t length;
    int32_t status;
    SEQD_CHECK(seqd_options_clone(options, &own, error));
    const uint64_t seed = (uint64_t)seqd_option_i64(options, SEQD_OPT_SEED) + (uint64_t)index;
    seqd_format_i64((int64_t)(seed & INT64_MAX), text);
    SEQD_TRY(status, failed, seqd_option_set(own, SEQD_OPT_SEED, text, error));
    SEQD_TRY(status, failed, seqd_option_set(own, SEQD_OPT_ENSEMBLE_SIZE, "1", error));
    if (count > 0) {
        for (int32_t i = 0; i <= index % count; i++) (void)seqd_next_item(&kinds, &item, &length);
        if (length >= sizeof kind) length = sizeof kind - 1; /* no kind is as long: it is refused by its first letters */
        memcpy(kind, item, length);
        kind[length] = '\0';
        SEQD_TRY(status, failed, seqd_option_set(own, SEQD_OPT_MODEL, kind, error));
        SEQD_TRY(status, failed, seqd_option_set(own, SEQD_OPT_ENSEMBLE_MODELS, "", error));
    }
    drop_idle(own, task);
    *out = own;
    return SEQD_OK;
failed:
    seqd_options_free(own);
    return status;
}

/* Sums and means over the members. */
static void add_summary(seqd_training_summary *all, const seqd_training_summary *one, int32_t count)
{
    if (count == 0) {
        *all = *one;
        return;
    }
    const double share = 1.0 / (count + 1);
    all->steps += one->steps;
    all->best_step = one->best_step;
    all->train_loss += share * (one->train_loss - all->train_loss);
    all->best_loss += share * (one->best_loss - all->best_loss);
    all->seconds += one->seconds;
    all->windows += one->windows;
}

static int32_t train_one(seqd_context *context, const seqd_options *options, seqd_dataset *dataset, const char *task,
                         seqd_model **out, seqd_training_summary *summary, seqd_error *error)
{
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    SEQD_CHECK(seqd_model_new(context, options, dataset, &model, error));
    int32_t status = seqd_trainer_new(model, dataset, options, NULL, &trainer, error);
    if (status == SEQD_OK) {
        trainer->task = task;
        status = seqd_trainer_fit(trainer, error);
        *summary = trainer->summary;
    }
    seqd_trainer_free(trainer);
    const bool trained = status == SEQD_OK || (status == SEQD_STOPPED && summary->steps > 0);
    if (trained) *out = model;
    else seqd_model_free(model);
    return status;
}

/* "train gru 2/5" */
static void name_member(char *task, size_t size, const char *given, const char *kind, int32_t index, int32_t count)
{
    char number[2][SEQD_NUMBER_SIZE];
    seqd_format_i64(index + 1, number[0]);
    seqd_format_i64(count, number[1]);
    const char *const parts[] = {given ? given : "train ", given ? "" : kind, " ", number[0], "/", number[1]};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        seqd_copy_text(task + used, size - used, parts[i]);
        used += strlen(task + used);
    }
}

int32_t seqd_ensemble_fit(seqd_context *context, const seqd_options *options, seqd_dataset *dataset, const char *task,
                          seqd_model **out, seqd_training_summary *summary, seqd_error *error)
{
    const int32_t kinds = count_kinds(seqd_option_text(options, SEQD_OPT_ENSEMBLE_MODELS));
    const int32_t asked = (int32_t)seqd_option_i64(options, SEQD_OPT_ENSEMBLE_SIZE);
    const int32_t count = asked > kinds ? asked : kinds;
    const seqd_combine how = (seqd_combine)seqd_option_choice(options, SEQD_OPT_COMBINE);
    seqd_model *members[SEQD_MOST_MEMBERS];
    seqd_training_summary one = {.struct_size = (uint32_t)sizeof one};
    if (!seqd_ensemble_asked(options)) return train_one(context, options, dataset, task, out, summary, error);
    if (count > SEQD_MOST_MEMBERS)
        return seqd_fail(error, SEQD_E_LIMIT, "an ensemble has at most %d members", SEQD_MOST_MEMBERS);
    const char *read = seqd_option_text(dataset->options, SEQD_OPT_TASK);
    SEQD_CHECK(refuse_idle(options, read, error));
    int32_t made = 0, status = SEQD_OK;
    while (made < count && status == SEQD_OK) {
        seqd_options *own = NULL;
        char text[96];
        SEQD_TRY(status, done, member_options(options, made, read, &own, error));
        name_member(text, sizeof text, task, seqd_option_text(own, SEQD_OPT_MODEL), made, count);
        seqd_model *member = NULL;
        status = train_one(context, own, dataset, text, &member, &one, error);
        seqd_options_free(own);
        if (member) {
            add_summary(summary, &one, made);
            members[made++] = member;
        }
    }
    if (made > 0 && (status == SEQD_OK || status == SEQD_STOPPED)) {
        /* of a run that was stopped: what there is makes a smaller ensemble, or is a single model */
        seqd_model *joined = made == 1 ? seqd_model_retain(members[0]) : NULL;
        const int32_t got = joined ? SEQD_OK : seqd_model_join(members, made, how, &joined, error);
        if (got == SEQD_OK) *out = joined;
        else status = got;
    }
done:
    for (int32_t i = 0; i < made; i++) seqd_model_free(members[i]);
    return status;
}
