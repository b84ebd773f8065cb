/* SPDX-License-Identifier: Apache-2.0 */
#include "explain_swap.h"

#include <string.h>

static void swap_inputs(const seqd_feature_group *group, seqd_shard *shard, int32_t row, const seqd_shard *from,
                        int32_t other)
{
    const int64_t width = shard->input_count;
    for (int64_t t = 0; t < shard->steps; t++)
        memcpy(shard->inputs + (t * shard->rows + row) * width + group->first,
               from->inputs + (t * from->rows + other) * width + group->first,
               (size_t)group->count * sizeof(float));
}

/* Columns that a decoder reads of each position: calendar, then known columns. */
static void swap_future(int32_t first, int32_t count, seqd_shard *shard, int32_t row, const seqd_shard *from,
                        int32_t other)
{
    const int64_t width = shard->future_count, positions = (int64_t)shard->steps + shard->horizon;
    for (int64_t p = 0; p < positions; p++)
        memcpy(shard->future + (row * positions + p) * width + first,
               from->future + (other * positions + p) * width + first, (size_t)count * sizeof(float));
}

/* Values before the origin, on the scale of the series that takes them: lags of the decoder are read from there. */
static void swap_history(seqd_shard *shard, int32_t row, const seqd_shard *from, int32_t other)
{
    const int64_t window = (int64_t)shard->past + shard->steps, length = window + shard->horizon;
    const int64_t mine = row * window + window - 1, theirs = other * window + window - 1;
    for (int64_t i = 0; i < window; i++)
        shard->history[row * length + i] =
            (from->history[other * length + i] - from->loc[theirs]) / from->scale[theirs] * shard->scale[mine] +
            shard->loc[mine];
}

/* Events are laid end to end: the last one of the other row takes the place of the last one here. */
static void swap_events(const seqd_features *features, const seqd_feature_group *group, seqd_shard *shard, int32_t row,
                        const seqd_shard *from, int32_t other)
{
    const bool token = group->first >= features->input_count;
    const int32_t length = shard->length[row], theirs = from->length[other];
    for (int32_t t = 0; t < length && theirs > 0; t++) {
        const int64_t back = (length - 1 - t) % theirs, source = theirs - 1 - back;
        const int64_t to = (int64_t)t * shard->rows + row, at = source * from->rows + other;
        if (token)
            shard->tokens[to * shard->token_count + group->column] =
                from->tokens[at * from->token_count + group->column];
        else
            shard->inputs[to * shard->input_count + group->first] = from->inputs[at * from->input_count + group->first];
    }
}

void seqd_shard_swap(const seqd_features *features, const seqd_feature_group *group, seqd_shard *shard, int32_t row,
                     const seqd_shard *from, int32_t other)
{
    if (features->kind == SEQD_DATA_EVENTS) {
        swap_events(features, group, shard, row, from, other);
        return;
    }
    if (group->count > 0) swap_inputs(group, shard, row, from, other);
    if (strcmp(group->kind, "lags") == 0) swap_history(shard, row, from, other);
    if (strcmp(group->kind, "calendar") == 0) swap_future(0, group->count, shard, row, from, other);
    if (strcmp(group->kind, "known") == 0)
        swap_future(features->calendar_count + group->column, 1, shard, row, from, other);
    if (strcmp(group->kind, "static") != 0) return;
    if (group->column < shard->cat_count)
        shard->cats[(int64_t)row * shard->cat_count + group->column] =
            from->cats[(int64_t)other * from->cat_count + group->column];
    else
        shard->reals[(int64_t)row * shard->real_count + group->column - shard->cat_count] =
            from->reals[(int64_t)other * from->real_count + group->column - shard->cat_count];
}
