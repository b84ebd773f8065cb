/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

#include <string.h>

#include "context.h"
#include "status.h"

int32_t seqd_backend_find(const seqd_context *context, const char *name, seqd_backend *out, seqd_error *error)
{
    const seqd_kernels *native = seqd_kernels_find(context->kernel_level);
    if (!native)
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "kernels '%s' do not run on this machine", context->kernel_level);
    const seqd_kernels *kernels = native;
    seqd_backend_kind kind = strcmp(name, "native") == 0 ? SEQD_BACKEND_NATIVE : SEQD_BACKEND_AUTO;
    if (strcmp(name, "onednn") == 0) {
        kind = SEQD_BACKEND_ONEDNN;
        kernels = seqd_onednn_kernels(native);
        if (!kernels)
            return seqd_fail(error, SEQD_E_UNSUPPORTED, "backend=onednn: %s",
                             strcmp(seqd_backend_onednn_version(), "no") == 0
                                 ? "this build has no oneDNN"
                                 : "oneDNN does not compute correctly on this machine");
    }
    *out = (seqd_backend){kind, kernels, native};
    return SEQD_OK;
}
