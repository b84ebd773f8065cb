# SPDX-License-Identifier: Apache-2.0
# Sourced by benchmarks/run and benchmarks/peers from the root of the checkout: a release build with the benchmarks, in
# build-peers/release.
. scripts/setup.sh

folder=build-peers

build_benchmarks() {
    setup build || exit 1
    mkdir -p "$folder"
    echo "== building $folder/release" >&2
    {
        [ -f "$folder/release/build.ninja" ] || meson setup "$folder/release" --buildtype=release -Dtests=disabled \
            -Dexamples=false -Dbenchmarks=true
        ninja -C "$folder/release"
    } >"$folder/build.log" 2>&1 || {
        tail -n 30 "$folder/build.log" >&2
        exit 1
    }
}
