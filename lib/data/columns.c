/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <string.h>

#include "csv.h"
#include "status.h"
#include "text.h"

/* The header's names as far as they go into a message. */
static void list_names(const char *const *names, int32_t count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < count; i++) {
        char quoted[SEQD_QUOTE_SIZE];
        (void)seqd_quote(names[i], strlen(names[i]), quoted);
        if (used + strlen(quoted) + 8 > size) {
            seqd_copy_text(text + used, size - used, ", ...");
            return;
        }
        if (i > 0) seqd_copy_text(text + used, size - used, ", ");
        used += strlen(text + used);
        seqd_copy_text(text + used, size - used, quoted);
        used += strlen(text + used);
    }
}

int32_t seqd_fail_column(const char *place, const char *const *columns, int32_t count, const char *wanted,
                         const char *why, seqd_error *error)
{
    char quoted[SEQD_QUOTE_SIZE], list[96], other[SEQD_QUOTE_SIZE];
    (void)seqd_quote(wanted, strlen(wanted), quoted);
    const int32_t near = seqd_nearest_name(wanted, columns, count);
    if (near >= 0)
        return seqd_fail(error, SEQD_E_FORMAT, "%s: missing column '%s'%s; did you mean '%s'?", place, quoted, why,
                         seqd_quote(columns[near], strlen(columns[near]), other));
    list_names(columns, count, list, sizeof list);
    return seqd_fail(error, SEQD_E_FORMAT, "%s: missing column '%s'%s; there are: %s", place, quoted, why, list);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_but_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

static int32_t find_exact(const char *const *names, int32_t count, const char *name, size_t length)
{
    for (int32_t i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return i;
    return -1;
}

static int32_t find_alias(const char *const *names, int32_t count, const char *const *aliases)
{
    for (; *aliases; aliases++) {
        const int32_t at = find_exact(names, count, *aliases, strlen(*aliases));
        if (at >= 0) return at;
        for (int32_t i = 0; i < count; i++)
            if (same_but_case(names[i], *aliases)) return i;
    }
    return -1;
}

int32_t seqd_header_list(const seqd_header *head, seqd_option_id id, const char *const *aliases,
                         seqd_column_list *list, seqd_error *error)
{
    const char *cursor = seqd_option_text(head->options, id), *item;
    size_t length;
    list->count = 0;
    if (*cursor == '\0' && aliases) {
        const int32_t at = find_alias(head->names, head->count, aliases);
        if (at >= 0) list->at[list->count++] = at;
        return SEQD_OK;
    }
    while (seqd_next_item(&cursor, &item, &length)) {
        char name[256], why[64];
        if (list->count == SEQD_COLUMNS_MAX)
            return seqd_fail(error, SEQD_E_LIMIT, "option '%s' names more than %d columns", seqd_option_name(id),
                             SEQD_COLUMNS_MAX);
        const int32_t at = find_exact(head->names, head->count, item, length);
        if (at < 0) {
            const size_t kept = length < sizeof name ? length : sizeof name - 1;
            memcpy(name, item, kept);
            name[kept] = '\0';
            seqd_copy_text(why, sizeof why, " of option ");
            seqd_copy_text(why + strlen(why), sizeof why - strlen(why), seqd_option_name(id));
            return seqd_fail_column(head->place, head->names, head->count, name, why, error);
        }
        list->at[list->count++] = at;
    }
    return SEQD_OK;
}

int32_t seqd_header_one(const seqd_header *head, seqd_option_id id, const char *const *aliases, int32_t *at,
                        seqd_error *error)
{
    seqd_column_list list;
    SEQD_CHECK(seqd_header_list(head, id, aliases, &list, error));
    if (list.count > 1)
        return seqd_fail(error, SEQD_E_OPTION, "option '%s' takes one column, not %d", seqd_option_name(id),
                         (int)list.count);
    *at = list.count == 1 ? list.at[0] : -1;
    return SEQD_OK;
}

int32_t seqd_header_exclude(const seqd_header *head, const seqd_column_list *a, seqd_option_id a_id, int32_t at,
                            seqd_option_id b_id, seqd_error *error)
{
    for (int32_t i = 0; i < a->count; i++) {
        if (a->at[i] != at) continue;
        char quoted[SEQD_QUOTE_SIZE];
        return seqd_fail(error, SEQD_E_OPTION, "column '%s' cannot be in both %s and %s",
                         seqd_quote(head->names[at], strlen(head->names[at]), quoted), seqd_option_name(a_id),
                         seqd_option_name(b_id));
    }
    return SEQD_OK;
}

int32_t seqd_columns_find(seqd_columns *out, const seqd_options *options, const char *place, const char *const *names,
                          int32_t count, seqd_error *error)
{
    static const char *const ids[] = { "unique_id", "item_id", "series_id", "sku", "id", NULL };
    static const char *const times[] = { "ds", "timestamp", "date", "time", "time_idx", NULL };
    static const char *const targets[] = { "y", "target", "target_value", "demand", "sales", "quantity", "qty", NULL };
    static const char *const stocks[] = { "in_stock", NULL };
    const seqd_header head = { options, place, names, count };
    seqd_columns found;
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_ID_COLUMN, ids, &found.id, error));
    SEQD_CHECK(seqd_header_one(&head, SEQD_OPT_TIME_COLUMN, times, &found.time, error));
    SEQD_CHECK(seqd_header_one(&head, SEQD_OPT_TARGET_COLUMN, targets, &found.target, error));
    SEQD_CHECK(seqd_header_one(&head, SEQD_OPT_IN_STOCK_COLUMN, stocks, &found.in_stock, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_KNOWN_COLUMNS, NULL, &found.known, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_PAST_COLUMNS, NULL, &found.past, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_STATIC_COLUMNS, NULL, &found.cat, error));
    SEQD_CHECK(seqd_header_list(&head, SEQD_OPT_STATIC_REAL_COLUMNS, NULL, &found.real, error));
    if (found.id.count == 0)
        return seqd_fail_column(place, names, count, ids[0], " (the series; or name it by option id_column)", error);
    if (found.time < 0)
        return seqd_fail_column(place, names, count, times[0], " (the date; or name it by option time_column)", error);
    if (found.target < 0)
        return seqd_fail_column(place, names, count, targets[0], " (the demand; or name it by option target_column)",
                                error);
    /* The demand as a covariate known in advance would tell the future. */
    SEQD_CHECK(seqd_header_exclude(&head, &found.known, SEQD_OPT_KNOWN_COLUMNS, found.target, SEQD_OPT_TARGET_COLUMN,
                                   error));
    for (int32_t i = 0; i < found.past.count; i++)
        SEQD_CHECK(seqd_header_exclude(&head, &found.known, SEQD_OPT_KNOWN_COLUMNS, found.past.at[i],
                                       SEQD_OPT_PAST_COLUMNS, error));
    *out = found;
    return SEQD_OK;
}
