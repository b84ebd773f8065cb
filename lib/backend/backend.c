/* SPDX-License-Identifier: Apache-2.0 */
#include "recurrent.h"

#include <string.h>

#include "context.h"
#include "status.h"

int32_t seqd_backend_find(seqd_context *context, const char *name, seqd_backend *out, seqd_error *error)
{
    const seqd_kernels *native = seqd_kernels_find(context->kernel_level);
    if (!native)
        return seqd_fail(error, SEQD_E_UNSUPPORTED, "kernels '%s' do not run on this machine", context->kernel_level);
    const seqd_kernels *kernels = native;
    seqd_backend_kind kind = strcmp(name, "native") == 0 ? SEQD_BACKEND_NATIVE : SEQD_BACKEND_AUTO;
    if (strcmp(name, "onednn") == 0) {
        kind = SEQD_BACKEND_ONEDNN;
        const int32_t status = seqd_onednn_ready(context, error);
        if (status != SEQD_OK) return seqd_fail_prefix(error, status, "backend=onednn");
        kernels = seqd_onednn_kernels(native);
        if (!kernels)
            return seqd_fail(error, SEQD_E_UNSUPPORTED,
                             "backend=onednn: oneDNN does not multiply correctly on this machine");
    }
    *out = (seqd_backend){kind, kernels, native};
    return SEQD_OK;
}
