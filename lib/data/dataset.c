/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "alloc.h"
#include "context.h"
#include "frame.h"
#include "options.h"
#include "panel.h"
#include "status.h"

int32_t seqd_panel_own(seqd_dataset *dataset, size_t count, size_t size, void **out, seqd_error *error)
{
    void *block = seqd_alloc_array(dataset->context, count > 0 ? count : 1, size);
    if (!block) return seqd_fail_alloc(dataset->context, count * size, error);
    assert(dataset->owned_count < SEQD_PANEL_BLOCKS);
    dataset->owned[dataset->owned_count++] = block;
    *out = block;
    return SEQD_OK;
}

seqd_dataset *seqd_dataset_retain(seqd_dataset *dataset)
{
    atomic_fetch_add(&dataset->references, 1);
    return dataset;
}

void seqd_dataset_free(seqd_dataset *dataset)
{
    /* A view lets go of its parent, which may have been held by nobody else. */
    while (dataset && atomic_fetch_sub(&dataset->references, 1) == 1) {
        seqd_context *context = dataset->context;
        seqd_dataset *parent = dataset->parent;
        for (int32_t i = 0; i < dataset->owned_count; i++) seqd_free(context, dataset->owned[i]);
        seqd_frame_free(dataset->frame);
        seqd_options_free(dataset->options);
        seqd_free(context, dataset);
        seqd_context_drop(context);
        dataset = parent;
    }
}
