#!/bin/sh
# Prints the <file> lines of the program's resources: SQL migrations, data, pages.
set -eu
cd "$1"
for f in $(ls src/*/sql/*.sql 2>/dev/null | LC_ALL=C sort); do
	echo "    <file alias=\"sql/$(basename "$f")\">$f</file>"
done
for d in profiles rulesets pages demo papers calendar templates; do
	for f in $(ls data/$d/* 2>/dev/null | LC_ALL=C sort); do
		echo "    <file alias=\"$d/$(basename "$f")\">$f</file>"
	done
done
echo "    <file alias=\"parcels.json\">data/parcels.json</file>"
