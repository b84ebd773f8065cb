/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

#include <string.h>

#include "context.h"
#include "status.h"

int32_t seqd_backend_find(const seqd_context *context, const char *name, const seqd_kernels **out, seqd_error *error)
{
    const seqd_kernels *base = seqd_kernels_find(context->kernel_level);
    if (!base)
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "kernels '%s' do not run on this machine", context->kernel_level);
    /* auto is native: as fast as oneDNN's products or faster at every shape in benchmarks/README.md */
    if (strcmp(name, "onednn") != 0) {
        *out = base;
        return SEQD_OK;
    }
    const seqd_kernels *kernels = seqd_onednn_kernels(base);
    if (!kernels)
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "backend=onednn: %s",
                         strcmp(seqd_backend_onednn_version(), "no") == 0
                             ? "this build has no oneDNN"
                             : "oneDNN does not compute correctly on this machine");
    *out = kernels;
    return SEQD_OK;
}
