#!/bin/sh
# Suite "fuzz": every harness for DIQI_FUZZ_SECONDS (60), with its seeds.
cd "$(dirname "$0")/.." || exit 1
fuzz/run.sh -t "${DIQI_FUZZ_SECONDS:-60}"
