/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel speeds, one line each, beside the multiply-add peak measured in the same run:
 *
 *     kernels [LEVEL [FUNCTION]]
 *
 * The table of shapes stands in tests/checkkern/bench.c, which checkkern --bench runs too.
 */
#include "checkkern.h"

int main(int argc, char **argv)
{
    return check_bench(argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
}
