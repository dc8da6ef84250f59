#!/bin/sh
# Installs the Debian packages that building (and with "test" also testing) needs.
#   tools/setup.sh build|test
# Works as root or with sudo, on a fresh Debian 12 and on the next stable releases.
# Says nothing and takes no time when everything is there already.
set -eu

BUILD="gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libglib2.0-dev-bin libssl-dev libjansson-dev
libsqlite3-dev libpq-dev libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev libseccomp-dev libpango1.0-dev libcairo2-dev
libqrencode-dev libxlsxwriter-dev libzip-dev libmagic-dev libp11-kit-dev libgfshare-dev fonts-noto-cjk ca-certificates openssl"
TEST="$BUILD clang-14 libclang-rt-14-dev llvm-14 libasan8 libubsan1 postgresql-15 postgresql-client-15 nodejs openssl
gnutls-bin libnss3-tools sqlite3 curl git procps util-linux strace chromium
softhsm2 opensc poppler-utils qpdf zbar-tools libbcprov-java libbcpkix-java default-jre-headless"

case "${1:-build}" in
build) wanted=$BUILD ;;
test) wanted=$TEST ;;
*) echo "usage: tools/setup.sh build|test" >&2; exit 2 ;;
esac

missing=
for p in $wanted; do
	status=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
	[ "$status" = installed ] && continue
	case $p in
	# A Node of another origin serves as well.
	nodejs) node --version >/dev/null 2>&1 && continue ;;
	esac
	missing="$missing $p"
done
[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null 2>&1 || { echo "setup: need root or sudo to install:$missing" >&2; exit 1; }
	as_root=sudo
fi
echo "setup: installing$missing"
log=$(mktemp)
if ! { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "setup: apt-get failed (whole output above)" >&2
	exit 1
fi
rm -f "$log"
