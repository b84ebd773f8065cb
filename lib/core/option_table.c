/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "context.h"
#include "option_table.h"
#include "status.h"
#include "text.h"

static const seqd_option_row rows[SEQD_OPT_COUNT] = {
#define X(id, name, type, group, standard, minimum, maximum, choices, scope, help) \
    { name, group, standard, choices, scope, help, minimum, maximum, SEQD_TYPE_##type },
    SEQD_OPTION_TABLE(X)
#undef X
};

static const char *const names[SEQD_OPT_COUNT] = {
#define X(id, name, ...) name,
    SEQD_OPTION_TABLE(X)
#undef X
};

const seqd_option_row *seqd_option_row_of(seqd_option_id id)
{
    return &rows[id];
}

const char *seqd_option_name(seqd_option_id id)
{
    return rows[id].name;
}

const char *seqd_option_group(seqd_option_id id)
{
    return rows[id].group;
}

seqd_option_id seqd_option_named(const char *name, size_t length)
{
    seqd_option_id id = 0;
    while (id < SEQD_OPT_COUNT && (strlen(names[id]) != length || memcmp(name, names[id], length) != 0)) id++;
    return id;
}

int32_t seqd_option_find(const char *name, seqd_option_id *id, seqd_error *error)
{
    if (!name) return seqd_fail(error, SEQD_E_ARG, "the name of the option is NULL");
    const seqd_option_id found = seqd_option_named(name, strlen(name));
    if (found < SEQD_OPT_COUNT) {
        *id = found;
        return SEQD_OK;
    }
    char quoted[SEQD_QUOTE_SIZE];
    (void)seqd_quote(name, strlen(name), quoted);
    const int32_t near = seqd_nearest_name(name, names, SEQD_OPT_COUNT);
    if (near < 0) return seqd_fail(error, SEQD_E_OPTION, "unknown option '%s'", quoted);
    return seqd_fail(error, SEQD_E_OPTION, "unknown option '%s'; did you mean '%s'?", quoted, names[near]);
}

static const char *type_name(const seqd_option_row *row)
{
    switch (row->type) {
    case SEQD_TYPE_I64: return "integer";
    case SEQD_TYPE_F64: return "number";
    case SEQD_TYPE_CHOICE: return "choice";
    case SEQD_TYPE_NAMES: return "names";
    case SEQD_TYPE_I64_LIST: return "integers";
    case SEQD_TYPE_F64_LIST: return "numbers";
    }
    return "text";
}

int32_t seqd_option_describe(int32_t index, seqd_option_info *info, seqd_error *error)
{
    if (index < 0 || index >= SEQD_OPT_COUNT)
        return seqd_fail(error, SEQD_E_ARG, "there is no option %d; they go from 0 to %d", (int)index,
                         SEQD_OPT_COUNT - 1);
    const seqd_option_row *row = &rows[index];
    const seqd_option_info result = { (uint32_t)sizeof result, row->name, type_name(row), row->group, row->standard,
                                      row->choices, row->minimum, row->maximum, row->help, row->scope };
    return seqd_copy_result(info, &result, sizeof result, error);
}
