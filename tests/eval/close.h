/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_EVAL_CLOSE_H
#define TEST_EVAL_CLOSE_H

#include <math.h>

/* cmocka's own comparison of numbers goes through float. Absolute. */
#define assert_near(got, want)                                        \
    do {                                                              \
        const double got_ = (got), want_ = (want);                    \
        if (!(fabs(got_ - want_) <= 1e-9)) {                          \
            print_error("got %.17g, want %.17g\n", got_, want_);      \
            fail();                                                   \
        }                                                             \
    } while (0)

#define MISSING ((double)NAN)

#endif
