#!/bin/sh
# House rules that a program can see.  Prints TAP.
set -eu
cd "$(dirname "$0")/.."
rule () {   # rule NAME PATTERN FILES…: no line may match
	name=$1 pattern=$2; shift 2
	# Comment lines talk about what code may not do.
	found=$(grep -nE "$pattern" "$@" 2>/dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/\*|\*|//)' || true)
	if [ -n "$found" ]; then
		echo "$found" | sed 's/^/# /'
		echo "not ok - $name"
	else
		echo "ok - $name"
	fi
}
c=$(find src -name '*.[ch]')
rule "no unbounded string functions or shell" '\b(strcpy|strcat|sprintf|gets|alloca|system|popen|g_alloca)[[:space:]]*\(' $c
rule "no wall clock outside base/clock.c" '\b(time|gettimeofday|g_get_real_time|g_date_time_new_now[a-z_]*|clock_gettime)[[:space:]]*\(' \
	$(echo "$c" | grep -v '^src/base/clock\.c$')
rule "no floating point near prices" '\b(double|float)\b' $(find src/market src/registry src/authority src/identity src/api -name '*.[ch]')
rule "no randomness outside base/random.c" '\b(rand|random|srand|g_random_[a-z_]+|getrandom|drand48)[[:space:]]*\(' \
	$(echo "$c" | grep -v '^src/base/random\.c$')
rule "no SQL outside *_db.c, migrations and store" '"(SELECT|INSERT INTO|UPDATE|DELETE FROM) ' \
	$(echo "$c" | grep -vE '_db\.c$|^src/store/')
rule "no unfinished work" '\b(TODO|FIXME|XXX)\b' $c
rule "no machine path" '(^|[[:space:]"=(:])/(work|root|home)/' $(git ls-files | grep -vE '^tests/vectors/|^tools/check-source.sh$|^LICENSE$')
# Under systemd a call that a unit's filter does not have ends the process; @system-service is without those of the clock.
bad=$(for unit in packaging/*.service; do
	for call in $(sed -n '/^static const int allowed\[\]/,/};/p' src/signer/sandbox.c | grep -oE '[a-z_]*adjtime[a-z]*' | sort -u); do
		grep -qE "^SystemCallFilter=.* $call( |\$)" "$unit" || echo "# $unit: no $call in SystemCallFilter"
	done
	grep '^ProtectClock=yes' "$unit" | sed "s|^|# $unit: |"
done)
[ -z "$bad" ] && echo "ok - units let the signer ask about the kernel's clock" || { echo "$bad"; echo "not ok - units let the signer ask about the kernel's clock"; }
long=$(for f in $c; do n=$(wc -l <"$f"); [ "$n" -gt 600 ] && echo "# $f: $n lines"; done; true)
[ -z "$long" ] && echo "ok - source files hold one concept in at most 600 lines" || { echo "$long"; echo "not ok - source files hold one concept in at most 600 lines"; }
bad=
for h in $(find src -name '*.h' ! -name error_codes.h ! -name config_keys.h); do
	echo "#include \"${h#src/}\"" | gcc -fsyntax-only -x c -std=gnu17 -D_GNU_SOURCE -DG_LOG_DOMAIN='"x"' -Isrc \
		$(pkg-config --cflags glib-2.0 gio-2.0 jansson p11-kit-1) - 2>/dev/null || bad="$bad $h"
done
[ -z "$bad" ] && echo "ok - every header compiles alone" || { echo "#$bad"; echo "not ok - every header compiles alone"; }
