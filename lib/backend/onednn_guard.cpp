/* SPDX-License-Identifier: Apache-2.0 */
#include "onednn_guard.h"

#include <new>

#include <cxxabi.h>

/* The compiler catches a cancelled thread's unwinding as a reference to nothing, which UBSan would point at. */
extern "C" __attribute__((no_sanitize("undefined"))) int32_t seqd_onednn_guard(int32_t (*call)(void *user), void *user)
{
    try {
        return call(user);
    } catch (const std::bad_alloc &) {
        return SEQD_ONEDNN_NO_MEMORY;
    } catch (abi::__forced_unwind &) {
        throw;
    } catch (...) {
        return SEQD_ONEDNN_THREW;
    }
}
