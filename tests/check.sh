#!/bin/sh
# Suite "check": layers and house rules.
cd "$(dirname "$0")/.." || exit 1
tools/check-layers.sh
tools/check-source.sh
tools/check-docs.sh
