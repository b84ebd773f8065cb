/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_FORECAST_CLOSE_H
#define TEST_FORECAST_CLOSE_H

#include <math.h>

/* cmocka's own comparison of numbers goes through float. Relative to the larger of |want| and 1e-300. */
#define assert_close(got, want, relative)                                          \
    do {                                                                           \
        const double got_ = (got), want_ = (want);                                 \
        if (!(fabs(got_ - want_) <= (relative) * fmax(fabs(want_), 1e-300))) {     \
            print_error("got %.17g, want %.17g\n", got_, want_);                   \
            fail();                                                                \
        }                                                                          \
    } while (0)

#endif
