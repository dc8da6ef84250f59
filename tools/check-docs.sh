#!/bin/sh
# Holds the documents against the tree and the program.  Prints TAP.
# DIQI_PROGRAM is the program asked for its commands (default: the newest build there is).
set -eu
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
docs=$(find . -maxdepth 1 -name '*.md' | sed 's#^\./##'; find docs -name '*.md')

verdict () {   # verdict NAME FILE: lines in FILE are complaints
	if [ -s "$2" ]; then
		sort -u "$2" | sed 's/^/# /'
		echo "not ok - docs: $1"
	else
		echo "ok - docs: $1"
	fi
}

# Anchors as GitHub makes them: lower case, letters of any script, digits, "-" and "_"; blanks become "-".
anchors () {
	sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[][`*.,:;()"'"'"'?!\/→—]//g'
}

# --- links -----------------------------------------------------------------------------
for d in $docs; do
	# What stands in code is no link.
	awk '/^```/ { code = !code; next } !code' "$d" | sed 's/`[^`]*`//g' | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//' |
	while read -r link; do
		case $link in http://*|https://*|mailto:*) continue ;; esac
		path=${link%%#*}
		anchor=
		case $link in *'#'*) anchor=${link#*#} ;; esac
		target=$d
		[ -z "$path" ] || target=$(dirname "$d")/$path
		if [ ! -e "$target" ]; then
			echo "$d: no $link"
		elif [ -n "$anchor" ] && ! anchors "$target" | grep -qxF -e "$anchor"; then
			echo "$d: no heading for $link"
		fi
	done
done >"$tmp/links"
verdict "links resolve" "$tmp/links"

# --- files of the tree that are named ------------------------------------------------------
for d in $docs; do
	grep -oE '`(src|tests|tools|fuzz|data|packaging|docs|bench)/[A-Za-z0-9_./-]*`' "$d" | tr -d '`' | sort -u |
	while read -r path; do
		case $path in *NAME*|*NNNN*) continue ;; esac        # patterns
		[ -e "$path" ] || echo "$d: no $path"
	done
done >"$tmp/files"
verdict "files that are named exist" "$tmp/files"

# --- commands -----------------------------------------------------------------------------------
program=${DIQI_PROGRAM:-}
for p in build/release/diqi build/test/src/main/diqi; do
	[ -n "$program" ] || { [ -x "$p" ] && program=$p; } || true
done
: >"$tmp/commands"
if [ -z "$program" ]; then
	echo "not ok - docs: commands exist (no program built)"
else
	# "application new" and "init" alike; the signer and the keeper of a token are not in the list for people.
	{ "$program" --help | sed -n '/^Commands:/,/^$/p' | sed -n 's/^  \([a-z]*\( [a-z-]\{1,\}\)\{0,1\}\).*/\1/p'; echo signer; echo hsm-keeper; } | sort -u >"$tmp/known"
	for d in $docs; do
		# In code only: `diqi x …` between backquotes, or on an indented line.
		{ grep -oE '`(build/release/)?diqi [^`]*`' "$d" | tr -d '`'; grep -E '^    (build/release/)?diqi ' "$d"; } |
		sed 's#^ *##; s#^build/release/##' | while read -r _ first second _; do
			case $first in ''|-*|…|COMMAND*) continue ;; esac
			grep -qxF -e "$first" "$tmp/known" || grep -qxF -e "$first $second" "$tmp/known" ||
				{ case $second in ''|…|--help) grep -qE "^$first " "$tmp/known" ;; *) false ;; esac; } || echo "$d: no command \"$first $second\""
		done
	done >"$tmp/commands" || true
	verdict "commands exist" "$tmp/commands"
	# Options of the commands that are shown.
	for d in $docs; do
		{ grep -oE '`(build/release/)?diqi [^`]*`' "$d" | tr -d '`'; grep -E '^    (build/release/)?diqi ' "$d"; } |
		sed 's#^ *##; s#^build/release/##; s/[[:space:]]#.*//' | while read -r _ first second rest; do
			case $first in ''|-*|…|COMMAND*) continue ;; esac
			# "ceremony verify" before "ceremony", as the program reads them.
			if grep -qxF -e "$first $second" "$tmp/known" || ! grep -qxF -e "$first" "$tmp/known"; then set -- "$first" "$second"; else set -- "$first"; fi
			"$program" "$@" --help >"$tmp/help" 2>/dev/null || continue
			for option in $(echo "$second $rest" | grep -oE '(^| )--[a-z0-9-]+' | grep -vx ' *--help' || true); do
				grep -qE -e "^ *$option([ =]|\$)" "$tmp/help" || echo "$d: \"$*\" has no $option"
			done
		done
	done >"$tmp/options" || true
	verdict "options of commands exist" "$tmp/options"
fi

# --- codes -------------------------------------------------------------------------------------------
sed -n 's/^DIQI_CODE ([A-Z_]*, "\([a-z_.]*\)".*/\1/p' src/base/error_codes.h | sort -u >"$tmp/codes"
groups=$(sed -n 's/^\([a-z_]*\)\..*/\1/p' "$tmp/codes" | sort -u | tr '\n' '|' | sed 's/|$//')
# Names of acts, statements, events of the operational log, configuration and files look alike.
{ find src -name '*.[ch]' -exec grep -ohE '"[a-z_]+(\.[a-z_]+)+"' {} + | tr -d '"'; sed -n 's/^| `\([a-z._]*\)` .*/\1/p' docs/statements.md; } | sort -u >"$tmp/names"
for d in $docs; do
	grep -ohE "\`($groups)\.[a-z_]+\`" "$d" | tr -d '`' | sort -u | while read -r code; do
		case $code in *.md|*.c|*.h|*.crt|*.key|*.json|*.yaml) continue ;; esac
		grep -qxF -e "$code" "$tmp/codes" || grep -qxF -e "$code" "$tmp/names" || echo "$d: no code $code"
	done
done >"$tmp/unknown"
verdict "codes exist" "$tmp/unknown"

# --- configuration keys -----------------------------------------------------------------------------------
for d in $docs; do
	grep -ohE '`\[(site|http|signer|log|store|clock)\] [a-z_]+' "$d" | sed 's/^`\[//; s/\] / /' | sort -u | while read -r section key; do
		grep -q "CONFIG_KEY (\"$section\", \"$key\"" src/base/config_keys.h || echo "$d: no key $key in [$section]"
	done
done >"$tmp/keys"
verdict "configuration keys exist" "$tmp/keys"

# --- metrics ------------------------------------------------------------------------------------------------
grep -oE '`(http|auction|ca|log|store|diqi)_[a-z_]+(_total|_seconds|_bytes|_microseconds|_clients|_known|_connections)' docs/operations.md | tr -d '`' | sort -u |
while read -r metric; do
	grep -rqF "\"$metric\"" src || echo "docs/operations.md: no metric $metric"
done >"$tmp/metrics"
grep -rhoE 'metrics_(add|set|observe) \([^"]*"[a-z_]+"' src | sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r metric; do
	grep -qF "$metric" docs/operations.md || echo "docs/operations.md does not tell of $metric"
done >>"$tmp/metrics"
verdict "metrics are those of the program" "$tmp/metrics"

# --- tests that are named --------------------------------------------------------------------------------------
# A unit test's name stands in its program whole, or as a prefix that ends in "/" with its last part elsewhere.
cat $(find tests/unit -name '*.c') >"$tmp/unit"
for d in $docs; do
	grep -ohE '`/[A-Za-z0-9-]+/[A-Za-z0-9/_.-]+(\*)?`' "$d" | tr -d '`' | sort -u | while read -r name; do
		case $name in /api/*|/pki/*|/sales/*|/tile/*|/static/*|/run/*|/var/*|/etc/*|/usr/*) grep -qF "\"$name" "$tmp/unit" || continue ;; esac
		bare=${name%\*}
		grep -qF "\"$bare" "$tmp/unit" && continue
		last=${bare##*/}
		grep -qF "\"${bare%/*}/\"" "$tmp/unit" && grep -qE "[\"(, ]$last([\"), ]|\$)" "$tmp/unit" && continue
		grep -qE "\"${bare%/*}/[a-z-]*%" "$tmp/unit" && continue        # a number or an algorithm is printed in
		case $last in p256|rsa3072|sm2|ed25519|sqlite|postgresql) grep -qF "\"${bare%/*}" "$tmp/unit" && continue ;; esac
		echo "$d: no unit test $name"
	done
done >"$tmp/tests"
verdict "unit tests that are named exist" "$tmp/tests"
