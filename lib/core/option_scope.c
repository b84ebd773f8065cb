/* SPDX-License-Identifier: Apache-2.0 */
#include "option_scope.h"

#include <string.h>

#include "alloc.h"
#include "context.h"
#include "option_table.h"
#include "status.h"
#include "text.h"

static bool is_default(const seqd_options *options, seqd_option_id id)
{
    return strcmp(seqd_option_text(options, id), seqd_option_row_of(id)->standard) == 0;
}

static int32_t group_of(seqd_option_id id)
{
    const char *group = seqd_option_group(id);
    return strcmp(group, "data") == 0       ? SEQD_GROUP_DATA
           : strcmp(group, "model") == 0    ? SEQD_GROUP_MODEL
           : strcmp(group, "training") == 0 ? SEQD_GROUP_TRAINING
                                            : SEQD_GROUP_EVALUATION;
}

static const seqd_options *whose(const seqd_scope *scope, seqd_option_id id)
{
    return (group_of(id) & (SEQD_GROUP_DATA | SEQD_GROUP_MODEL)) != 0 ? scope->network : scope->options;
}

/* Is the value one of the words "a/b/c"? */
static bool is_among(const char *value, size_t size, const char *words, size_t length)
{
    for (const char *at = words, *end = words + length; at < end;) {
        const char *stop = memchr(at, '/', (size_t)(end - at));
        if (!stop) stop = end;
        if ((size_t)(stop - at) == size && memcmp(at, value, size) == 0) return true;
        at = stop + 1;
    }
    return false;
}

/* One condition, "name=a/b" or "name". The names are those of the table (tests/core/test_options.c). */
static bool holds(const char *condition, size_t length, const seqd_scope *scope, seqd_option_id *id)
{
    const char *equals = memchr(condition, '=', length);
    const size_t size = equals ? (size_t)(equals - condition) : length;
    *id = seqd_option_named(condition, size);
    for (int32_t i = 0; i < scope->varied_count; i++) {
        if (scope->varied[i].id != *id) continue;
        for (const char *item = scope->varied[i].words; *item; item += strspn(item, ",| ")) {
            const size_t item_size = strcspn(item, ",| ");
            if (!equals || is_among(item, item_size, equals + 1, length - size - 1)) return true;
            item += item_size;
        }
        return false;
    }
    if (!equals) return !is_default(whose(scope, *id), *id);
    const char *value = seqd_option_text(whose(scope, *id), *id);
    return is_among(value, strlen(value), equals + 1, length - size - 1);
}

bool seqd_option_concerns(seqd_option_id id, const seqd_scope *scope, seqd_option_id *failed)
{
    const char *at = seqd_option_row_of(id)->scope;
    if (*at == '\0') return true;
    bool all = true, first = true;
    for (;;) {
        const size_t length = strcspn(at, " ");
        const bool between = length == 2 && memcmp(at, "or", 2) == 0;
        seqd_option_id key;
        if (between) {
            if (all) return true;
            all = true;
            first = false;
        } else if (all && !holds(at, length, scope, &key)) {
            all = false;
            if (first && failed) *failed = key;
        }
        if (at[length] == '\0') return all;
        at += length + 1;
    }
}

/* "option 'num_heads' (8) has no effect with attention=additive, only with model=encdec attention=multihead" */
static void tell(const seqd_scope *scope, seqd_option_id id, const char *value, seqd_option_id failed, char *text,
                 size_t size)
{
    const char *other = seqd_option_text(whose(scope, failed), failed);
    char quoted[SEQD_QUOTE_SIZE];
    (void)seqd_quote(value, strlen(value), quoted);
    for (int32_t i = 0; i < scope->varied_count; i++)
        if (scope->varied[i].id == failed) other = scope->varied[i].words;
    const char *const parts[] = {"option '", seqd_option_name(id), "' (", quoted, ") has no effect with ",
                                 seqd_option_name(failed), "=", other, ", only with ", seqd_option_row_of(id)->scope};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        seqd_copy_text(text + used, size - used, parts[i]);
        used += strlen(text + used);
    }
}

int32_t seqd_options_refuse_idle(const seqd_options *options, const seqd_scope *scope, int32_t groups,
                                 seqd_error *error)
{
    char text[240];
    for (seqd_option_id id = 0; id < SEQD_OPT_COUNT; id++) {
        seqd_option_id failed = SEQD_OPT_MODEL;
        if (options->origin[id] == SEQD_ORIGIN_INHERITED || (group_of(id) & groups) == 0) continue;
        if (is_default(options, id) || seqd_option_concerns(id, scope, &failed)) continue;
        tell(scope, id, options->text[id], failed, text, sizeof text);
        if (options->origin[id] != SEQD_ORIGIN_FILE || failed != SEQD_OPT_MODEL)
            return seqd_fail(error, SEQD_E_OPTION, "%s", text);
        seqd_log(options->context, SEQD_LOG_WARNING, "%s", text);
    }
    return SEQD_OK;
}

int32_t seqd_options_refuse_own_idle(const seqd_options *options, int32_t groups, seqd_error *error)
{
    const seqd_scope scope = {options, options, NULL, 0};
    return seqd_options_refuse_idle(options, &scope, groups, error);
}

void seqd_options_drop_idle(seqd_options *options, const seqd_scope *scope, int32_t groups)
{
    bool idle[SEQD_OPT_COUNT];
    for (seqd_option_id id = 0; id < SEQD_OPT_COUNT; id++)
        idle[id] = (group_of(id) & groups) != 0 && !seqd_option_concerns(id, scope, NULL);
    for (seqd_option_id id = 0; id < SEQD_OPT_COUNT; id++) {
        if (!idle[id]) continue;
        seqd_free(options->context, options->text[id]);
        options->text[id] = NULL;
        options->origin[id] = SEQD_ORIGIN_INHERITED;
    }
}

void seqd_options_settle(seqd_options *options)
{
    memset(options->origin, SEQD_ORIGIN_INHERITED, sizeof options->origin);
}
