#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the consumer through pkg-config, as C99 and as C++11, into the folder given, and runs both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-.}
warn="-Wall -Wextra -Wpedantic -Werror"
flags=$(pkg-config --cflags seqdemand)
libs=$(pkg-config --libs seqdemand)
folder=$(pkg-config --variable=libdir seqdemand)

# shellcheck disable=SC2086
{
    ${CC:-cc} -std=c99 $warn $flags "$here/consumer.c" -o "$out/consumer_c99" $libs
    ${CXX:-c++} -x c++ -std=c++11 $warn $flags "$here/consumer.c" -x none -o "$out/consumer_cpp11" $libs
}
for program in consumer_c99 consumer_cpp11; do
    printf '%s: ' "$program"
    LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$out/$program"
done
