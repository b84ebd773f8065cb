/* SPDX-License-Identifier: Apache-2.0 */
/* A second unit with the same header: both are linked, also where they are compiled for different standards. */
#include <seqdemand.hpp>

int second_unit(const seqdemand::forecast &forecast, std::vector<double> &out);

int second_unit(const seqdemand::forecast &forecast, std::vector<double> &out)
{
    return forecast.mean(0, out) ? forecast.horizon() : 0;
}
