# SPDX-License-Identifier: Apache-2.0
# Sourced by examples/run and tests/run. Brings what a build needs and is not there yet, as Debian packages:
#   as root          through apt-get
#   with sudo        through `sudo -n apt-get`, when that asks for no password
#   as anyone else   downloaded by apt's own client and unpacked into .deps/ of this checkout; nothing outside changes
# Nothing is touched when all is present.
#
#   . scripts/setup.sh; setup build          what the library and the command line program need
#   . scripts/setup.sh; setup build tests    also what the tests need, with the distribution's oneDNN
#   . scripts/setup.sh; setup_onednn3        oneDNN 3.x of the Python package index, unpacked into .deps/onednn3

setup_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
setup_deps=$setup_root/.deps

# Lets compilers and tools find what was unpacked into .deps/.
setup_environment() {
    local usr=$setup_deps/root/usr triple
    [ -d "$usr" ] || return 0
    triple=$(cd "$usr/lib" && ls -d ./*-linux-gnu* 2>/dev/null | head -n 1)
    triple=${triple#./}
    export PATH="$usr/bin:$PATH"
    export PYTHONPATH="$usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}"
    export PKG_CONFIG_PATH="$usr/lib/$triple/pkgconfig:$usr/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
    export C_INCLUDE_PATH="$usr/include:$usr/include/$triple${C_INCLUDE_PATH:+:$C_INCLUDE_PATH}"
    export CPLUS_INCLUDE_PATH="$usr/include:$usr/include/$triple${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}"
    export LIBRARY_PATH="$usr/lib/$triple${LIBRARY_PATH:+:$LIBRARY_PATH}"
    export LD_LIBRARY_PATH="$usr/lib/$triple${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

setup_has_meson() {
    local version
    version=$(meson --version 2>/dev/null) || return 1
    case $version in 0.*) return 1 ;; esac
}

setup_compiles() { # language, text, arguments for the linker
    local compiler=${CC:-cc} language=$1 text=$2
    shift 2
    [ "$language" = c++ ] && compiler=${CXX:-c++}
    # shellcheck disable=SC2086
    printf '%s\n' "$text" | $compiler -x "$language" -o /dev/null - "$@" >/dev/null 2>&1
}

setup_has_module() { pkg-config --exists "$1" 2>/dev/null; }

# Packages whose purpose is not served yet, one name a line.
setup_missing() {
    setup_compiles c '#include <stdio.h>
int main(void) { return puts("") < 0; }' || printf '%s\n' gcc libc6-dev
    command -v python3 >/dev/null || echo python3
    setup_has_meson || echo meson
    command -v ninja >/dev/null || echo ninja-build
    command -v pkg-config >/dev/null || echo pkg-config
    setup_has_module zlib || echo zlib1g-dev
    setup_has_module sqlite3 || echo libsqlite3-dev
    case " $* " in *" tests "*)
        setup_has_module cmocka || echo libcmocka-dev
        setup_compiles c++ '#include <string>
int main() { return std::string("x").size() != 1; }' || echo g++
        setup_compiles c '#include <oneapi/dnnl/dnnl.h>
int main(void) { return dnnl_version() == 0; }' -ldnnl || echo libdnnl-dev
        ;;
    esac
    case " $* " in *" pip "*) python3 -m pip --version >/dev/null 2>&1 || echo python3-pip ;; esac
}

setup_as_root() { # how to become root, packages
    local become=$1 log=$setup_deps/setup.log
    shift
    # shellcheck disable=SC2086
    { $become apt-get update && $become env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends "$@"; } >"$log" 2>&1
}

setup_as_user() { # packages
    local log=$setup_deps/setup.log apt=$setup_deps/apt package file target
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$setup_deps/root"
    local options=(-o "Dir::State=$apt/state" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$apt/cache"
        -o Debug::NoLocking=1)
    apt-get "${options[@]}" update >"$log" 2>&1 || return 1
    apt-get "${options[@]}" install -y --no-install-recommends --download-only "$@" >>"$log" 2>&1 || return 1
    for package in "$apt"/cache/archives/*.deb; do
        dpkg -x "$package" "$setup_deps/root" >>"$log" 2>&1 || return 1
    done
    # pkg-config files name the place they were built for.
    for file in "$setup_deps"/root/usr/lib/*/pkgconfig/*.pc "$setup_deps"/root/usr/share/pkgconfig/*.pc; do
        [ -f "$file" ] && sed -i -e "s|=/usr|=$setup_deps/root/usr|" -e "s|\([LI]\)/usr|\1$setup_deps/root/usr|g" "$file"
    done
    # A link to a library that is installed on the machine already dangles in here: point it there.
    find "$setup_deps/root/usr/lib" -name '*.so' -xtype l | while read -r file; do
        target=$(basename "$(readlink "$file")")
        for package in /usr/lib/*/"$target" /lib/*/"$target"; do
            [ -e "$package" ] && ln -sf "$package" "$file" && break
        done
    done
    # An unpacked g++ looks for what it shares with the installed gcc beside itself.
    for file in "$setup_deps"/root/usr/lib/gcc/*/*; do
        [ -d "$file" ] && cp -rsn "${file#"$setup_deps/root"}/." "$file/"
    done
    # Debian makes this name by update-alternatives, which only root can run.
    [ -e "$setup_deps/root/usr/bin/g++" ] && ln -sf g++ "$setup_deps/root/usr/bin/c++"
    rm -rf "$apt"
}

setup_install() { # packages
    if [ "$(id -u)" = 0 ]; then
        setup_as_root "" "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        setup_as_root "sudo -n" "$@"
    else
        echo "setup: no root rights: unpacking the packages into .deps/" >&2
        setup_as_user "$@" && setup_environment
    fi
}

# What one test wants, which is skipped without: asked for once, never insisted on.
setup_wish() {
    case " $* " in *" tests "*) ;; *) return 0 ;; esac
    command -v abidiff >/dev/null || [ -e "$setup_deps/no-abigail-tools" ] || ! command -v apt-get >/dev/null && return 0
    mkdir -p "$setup_deps" || return 0
    echo "setup: installing abigail-tools" >&2
    setup_install abigail-tools || {
        touch "$setup_deps/no-abigail-tools"
        echo "setup: abigail-tools is not to be had: the test abi_abidiff will be skipped" >&2
    }
    hash -r
}

setup() {
    local missing left
    setup_environment
    missing=$(setup_missing "$@")
    [ -n "$missing" ] || { setup_wish "$@"; return 0; }
    missing=$(echo "$missing" | tr '\n' ' ')
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        echo "setup: missing, please install (Debian names): $missing" >&2
        return 1
    fi
    mkdir -p "$setup_deps" || return 1
    echo "setup: installing $missing" >&2
    # shellcheck disable=SC2086
    setup_install $missing || {
        echo "setup: failed; the last lines of .deps/setup.log:" >&2
        tail -n 8 "$setup_deps/setup.log" >&2
        echo "setup: please install: $missing" >&2
        return 1
    }
    hash -r
    left=$(setup_missing "$@" | tr '\n' ' ')
    [ -z "$left" ] || {
        echo "setup: still missing after the installation: $left(log: .deps/setup.log)" >&2
        return 1
    }
    setup_wish "$@"
}

# The same version for everyone: the two packages bring the headers and the library.
setup_onednn3() {
    local version=2023.2.0 folder=$setup_deps/onednn3 log=$setup_deps/onednn3.log part
    [ -e "$folder/ready" ] && return 0
    setup pip || return 1
    mkdir -p "$setup_deps" || return 1
    rm -rf "$folder" "$folder.part"
    echo "setup: fetching oneDNN 3.2 from the Python package index" >&2
    {
        python3 -m pip download --no-deps --no-input --disable-pip-version-check --only-binary :all: \
            -d "$folder.part" onednn-cpu-gomp==$version onednn-devel-cpu-gomp==$version &&
            mkdir -p "$folder" &&
            for part in "$folder.part"/*.whl; do
                python3 -m zipfile -e "$part" "$folder.part" || return 1
            done &&
            cp -r "$folder.part"/*.data/data/include "$folder.part"/*.data/data/lib "$folder/" &&
            ln -sf libdnnl.so.3 "$folder/lib/libdnnl.so" && ln -sf libdnnl.so.3 "$folder/lib/libdnnl.so.3.2" &&
            touch "$folder/ready"
    } >"$log" 2>&1
    rm -rf "$folder.part"
    [ -e "$folder/ready" ] || {
        tail -n 3 "$log" >&2
        return 1
    }
}
