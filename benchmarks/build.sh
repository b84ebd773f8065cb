# SPDX-License-Identifier: Apache-2.0
# Sourced by benchmarks/run, benchmarks/peers and tests/long from the root of the checkout: a release build with the
# benchmarks, in build-peers/release, and virtual environments with what others make.
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

environment() { # name, packages
    local name=$1
    shift
    [ -e "$folder/$name/ready" ] && return 0
    echo "== installing $* (once; log: $folder/$name.log)" >&2
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --progress-bar off "$@" >"$folder/$name.log" 2>&1 || {
        tail -n 5 "$folder/$name.log" >&2
        exit 1
    }
    touch "$folder/$name/ready"
}

# PyTorch, Keras and ONNX Runtime in build-peers/venv.
peers_environment() {
    environment venv 'torch>=2.4' 'onnxruntime>=1.18' 'onnx>=1.16' 'tensorflow-cpu>=2.17' 'numpy>=1.26' 'pandas>=2.1'
}
