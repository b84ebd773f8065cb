// SPDX-License-Identifier: Apache-2.0
// What C++ blocks of the pages are put into. See tests/docs/blocks.py.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <seqdemand.hpp>

{{top}}

int main()
{
    try {
        seqdemand::context context(0);
        seqdemand::options options(context);
        options.set("freq", "D").set("horizon", 28).set("max_steps", 4);
{{block}}
    } catch (const std::exception &e) {
        std::printf("%s\n", e.what());
        return 1;
    }
    return 0;
}
