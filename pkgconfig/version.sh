#!/bin/sh
# Reads the version numbers from version.h, the only place that holds them: "full" or "major".
header="$(dirname "$0")/../include/seqdemand/version.h"
number() { sed -n "s/^#define SEQD_VERSION_$1 \([0-9]*\)$/\1/p" "$header"; }
case "$1" in
    major) number MAJOR ;;
    *) echo "$(number MAJOR).$(number MINOR).$(number PATCH)" ;;
esac
