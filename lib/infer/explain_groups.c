/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <string.h>

#include "text.h"

typedef struct list {
    seqd_feature_group *groups;
    int32_t count, at; /* `at`: first column not yet spoken for */
} list;

static void add(list *l, const char *name, const char *kind, int32_t columns, int32_t column)
{
    if (l->count < SEQD_MOST_GROUPS) {
        seqd_feature_group *group = &l->groups[l->count++];
        *group = (seqd_feature_group){ .kind = kind, .first = l->at, .count = columns, .column = column };
        seqd_copy_text(group->name, sizeof group->name, name);
    }
    l->at += columns;
}

static void add_lag(list *l, int32_t steps, int32_t column)
{
    char name[8 + SEQD_NUMBER_SIZE] = "lag ";
    seqd_format_i64(steps, name + 4);
    add(l, name, "lags", 1, column);
}

/* The order of columns is that of seqd_step_inputs. */
static void panel_groups(const seqd_features *features, bool fine, list *l)
{
    add(l, "demand", "demand", 4, 0);
    for (int32_t i = 0; fine && i < features->lag_count; i++) add_lag(l, features->lags[i], i);
    if (!fine) add(l, "lags", "lags", features->lag_count, 0);
    if (features->calendar_count > 0) add(l, "calendar", "calendar", features->calendar_count, 0);
    for (int32_t i = 0; i < features->known_count; i++) add(l, features->known[i].name, "known", 1, i);
    for (int32_t i = 0; i < features->past_count; i++) add(l, features->past[i].name, "past", 1, i);
    if (features->use_stock) add(l, "in_stock", "stock", 1, 0);
    for (int32_t i = 0; !fine && i < features->cat_count; i++)
        add(l, features->dictionaries[i].column, "static", 0, i);
    for (int32_t i = 0; !fine && i < features->real_count; i++)
        add(l, features->real[i].name, "static", 0, features->cat_count + i);
}

static void event_groups(const seqd_model *model, list *l)
{
    const seqd_event_features *events = &model->features.events;
    for (int32_t i = 0; i < events->num_count; i++) add(l, events->num[i].name, "number", 1, i);
    if (events->use_gap) add(l, "time_gap", "time", 1, events->num_count);
    for (int32_t i = 0; i < events->token_count; i++)
        add(l, events->tokens[i].column, "category", model->net.config.embed.size[i], i);
}

int32_t seqd_feature_groups(const seqd_model *model, bool fine, seqd_feature_group *groups)
{
    list l = { groups, 0, 0 };
    if (model->features.kind == SEQD_DATA_EVENTS) event_groups(model, &l);
    else panel_groups(&model->features, fine, &l);
    return l.count;
}
