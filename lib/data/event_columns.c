/* SPDX-License-Identifier: Apache-2.0 */
#include "event_columns.h"

#include <string.h>

#include "csv.h"
#include "status.h"
#include "text.h"

static const char *const id_names[] = { "unique_id", "user_id", "userid", "user", "customer_id", "customerid",
                                        "customer", "session_id", "sessionid", "item_id", "series_id", "id", NULL };
static const char *const time_names[] = { "ds", "timestamp", "datetime", "event_time", "date", "time", "time_idx",
                                          NULL };
static const char *const event_names[] = { "event", "behaviour", "behavior", "action", "type", NULL };
static const char *const label_names[] = { "label", "y", NULL };

static bool is_set(const seqd_options *options, seqd_option_id id)
{
    return *seqd_option_text(options, id) != '\0';
}

/* A label column that is named but not there leaves the rows without labels. */
static int32_t find_label(const seqd_header *head, seqd_event_columns *found, seqd_error *error)
{
    const seqd_options *options = head->options;
    const int32_t kind = seqd_option_choice(options, SEQD_OPT_LABEL);
    const bool named = is_set(options, SEQD_OPT_LABEL_COLUMN);
    found->label = -1;
    found->label_kind = (seqd_label_kind)kind;
    if (kind != SEQD_LABEL_AUTO && kind != SEQD_LABEL_COLUMN) return SEQD_OK;
    seqd_error missing = { .struct_size = (uint32_t)sizeof missing };
    const int32_t status = seqd_header_one(head, SEQD_OPT_LABEL_COLUMN, label_names, &found->label, &missing);
    if (status != SEQD_OK && status != SEQD_E_FORMAT)
        return seqd_header_one(head, SEQD_OPT_LABEL_COLUMN, label_names, &found->label, error);
    if (status == SEQD_E_FORMAT) {
        found->label = -1;
        seqd_copy_text(found->unlabelled, sizeof found->unlabelled, missing.message);
    } else if (found->label < 0 && kind == SEQD_LABEL_COLUMN) {
        seqd_copy_text(found->unlabelled, sizeof found->unlabelled,
                       "there is no column 'label' or 'y', and option label_column names none");
    }
    if (kind == SEQD_LABEL_AUTO)
        found->label_kind = found->label >= 0 || named || !found->has_event ? SEQD_LABEL_COLUMN
                                                                            : SEQD_LABEL_NEXT_EVENT;
    if (found->label_kind == SEQD_LABEL_COLUMN && found->label < 0 && !*found->unlabelled)
        seqd_copy_text(found->unlabelled, sizeof found->unlabelled,
                       "there is no label column (option label_column) and no event_column");
    return SEQD_OK;
}

/* What the kinds of labels need, and what would tell the answer. */
static int32_t check_label(const seqd_header *head, const seqd_event_columns *found, seqd_error *error)
{
    const seqd_options *options = head->options;
    const int32_t task = seqd_option_choice(options, SEQD_OPT_TASK), kind = (int32_t)found->label_kind;
    const bool window = kind == SEQD_LABEL_WITHIN || kind == SEQD_LABEL_COUNT;
    if (kind == SEQD_LABEL_NEXT_EVENT && task != SEQD_TASK_CLASSIFY)
        return seqd_fail(error, SEQD_E_OPTION, "label=next_event is one of several classes: it asks for task=classify");
    if (kind == SEQD_LABEL_COUNT && task != SEQD_TASK_REGRESS)
        return seqd_fail(error, SEQD_E_OPTION, "label=count is a number: it asks for task=regress (or label=within)");
    if (kind == SEQD_LABEL_NEXT_EVENT && !found->has_event)
        return seqd_fail_column(head->place, head->names, head->count, event_names[0],
                                " (what happened; or name it by option event_column)", error);
    if (window && found->time < 0)
        return seqd_fail_column(head->place, head->names, head->count, time_names[0],
                                " (the time that label_window counts in; or name it by option time_column)", error);
    if (window && !(seqd_option_f64(options, SEQD_OPT_LABEL_WINDOW) > 0.0))
        return seqd_fail(error, SEQD_E_OPTION, "label=%s looks ahead: label_window must be above 0",
                         kind == SEQD_LABEL_WITHIN ? "within" : "count");
    if (window && is_set(options, SEQD_OPT_LABEL_EVENTS) && !found->has_event)
        return seqd_fail_column(head->place, head->names, head->count, event_names[0],
                                " (of label_events; or name it by option event_column)", error);
    if (found->label < 0) return SEQD_OK;
    SEQD_CHECK(seqd_header_exclude(head, &found->num, SEQD_OPT_NUM_COLUMNS, found->label, SEQD_OPT_LABEL_COLUMN,
                                   error));
    return seqd_header_exclude(head, &found->token, SEQD_OPT_CAT_COLUMNS, found->label, SEQD_OPT_LABEL_COLUMN, error);
}

int32_t seqd_event_columns_find(seqd_event_columns *out, const seqd_options *options, const char *place,
                                const char *const *names, int32_t count, seqd_error *error)
{
    const seqd_header head = { options, place, names, count };
    seqd_event_columns found = { 0 };
    seqd_column_list cats;
    int32_t event;
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_ID_COLUMN, id_names, &found.id, error));
    SEQD_CHECK(seqd_header_one(&head, SEQD_OPT_TIME_COLUMN, time_names, &found.time, error));
    SEQD_CHECK(seqd_header_one(&head, SEQD_OPT_EVENT_COLUMN, event_names, &event, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_NUM_COLUMNS, NULL, &found.num, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_CAT_COLUMNS, NULL, &cats, error));
    found.has_event = event >= 0;
    if (found.has_event) found.token.at[found.token.count++] = event;
    for (int32_t i = 0; i < cats.count; i++) {
        if (cats.at[i] == event) continue; /* said twice, meant once */
        if (found.token.count == SEQD_COLUMNS_MAX)
            return seqd_fail(error, SEQD_E_LIMIT, "more than %d columns of categories", SEQD_COLUMNS_MAX);
        found.token.at[found.token.count++] = cats.at[i];
    }
    SEQD_CHECK(find_label(&head, &found, error));
    SEQD_CHECK(check_label(&head, &found, error));
    if (found.num.count + found.token.count == 0 &&
        (found.time < 0 || seqd_option_i64(options, SEQD_OPT_TIME_GAP) == 0))
        return seqd_fail(error, SEQD_E_OPTION,
                         "%s: nothing to learn from: options num_columns, cat_columns and event_column name no column",
                         place);
    *out = found;
    return SEQD_OK;
}
