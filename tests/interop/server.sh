#!/bin/sh
# tests/interop/server.sh — unmodified clients against a running site, once an algorithm: OpenSSL (ocsp, verify, crl,
# s_client), curl, GnuTLS (ocsptool, certtool, gnutls-cli), NSS (certutil, pk12util).  TAP.  DIQI_PROGRAM names the
# program.  A client that is not installed skips its checks.
# The holder's certificate, key and PKCS#12 are made by our command line; everything else comes over HTTP.
set -u
program=$(realpath "${DIQI_PROGRAM:-build/test/src/main/diqi}")
forms=$(realpath data/demo)
work=$(mktemp -d)
server=
count=0
sm2_id=1234567812345678

stop_server() {
	[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'stop_server; rm -rf "$work"' EXIT
cd "$work" || exit 1

# check NAME COMMAND… — the command succeeds.
check() {
	name="$algorithm: $1"
	shift
	count=$((count + 1))
	if ! command -v "$1" >/dev/null; then
		echo "ok $count $name # SKIP no $1"
	elif "$@" >log 2>&1 </dev/null; then
		echo "ok $count $name"
	else
		echo "not ok $count $name"
		tail -n 30 log | sed 's/^/# /'
	fi
}

# says TEXT COMMAND… — the output holds TEXT, whatever the exit code: openssl says "revoked" and ends with 0.
says() {
	text=$1
	shift
	"$@" >said 2>&1
	cat said
	grep -q -- "$text" said
}

fails() { ! "$@"; }

# --- a site and its holder --------------------------------------------------------------------

free_port() {     # below the ports that the system gives away by itself
	for _ in 1 2 3 4 5 6 7 8 9; do
		port=$(shuf -i 20000-32000 -n 1)
		curl -s -o /dev/null "http://127.0.0.1:$port/" || return 0
	done
	return 1
}

start_site() {
	# NSS asks at the address in the certificate, which is the site's from the beginning.
	free_port || return 1
	# The frozen clock stands at this moment: clients look at the real one.
	"$program" demo --make-only --dir . --algorithm "$algorithm" --base-uri "http://127.0.0.1:$port" --clock "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)" || return 1
	sed -i 's/^#tls_listen=.*/tls_listen=127.0.0.1:0/' site/diqi.conf
	"$program" serve --dir site --listen "127.0.0.1:$port" --passphrase-file site/passphrase 2>serve.log &
	server=$!
	for _ in $(seq 600); do
		[ -s site/address ] && break
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
	url=$(cat site/address)
	https=$(cat site/address.https)
	export DIQI_SERVER="$url"
}

officer() {     # officer NAME VERB MORE…
	who=$1 verb=$2
	shift 2
	"$program" application "$verb" "$application" "$@" --as "site/officers/$who.p12"
}

make_holder() {
	echo hold-4242 >holder.pin
	"$program" key new holder --algorithm "$algorithm" --pin-file holder.pin &&
		"$program" application new organization --form "$forms/organization.json" --ticket ticket --json >application.json || return 1
	application=$(sed -n 's/.*"application": *"\([^"]*\)".*/\1/p' application.json)
	"$program" application submit --ticket ticket --key holder.key --csr holder.csr --pin-file holder.pin &&
		officer clerk accept --papers-seen && officer cashier fee 300.00 && officer reviewer review && officer issuer issue &&
		"$program" application certificate --ticket ticket --key holder.key --p12 holder.p12 --pin-file holder.pin &&
		officer clerk deliver && "$program" application confirm "$application" --as holder.p12
}

# What a relying party fetches, and the holder's certificate out of the PKCS#12.
download() {
	curl -sSf -o root.cer "$url/pki/root/ca.cer" && curl -sSf -o issuing.cer "$url/pki/issuing/ca.cer" &&
		openssl x509 -inform DER -in root.cer -out root.pem && openssl x509 -inform DER -in issuing.cer -out issuing.pem &&
		openssl pkcs12 -in holder.p12 -passin file:holder.pin -nokeys -clcerts -out bag.pem &&
		openssl pkcs12 -in holder.p12 -passin file:holder.pin -nocerts -nodes -out plain.key &&
		openssl x509 -in bag.pem -out holder.pem && cat holder.pem issuing.pem >chain.pem &&
		openssl x509 -in holder.pem -noout -serial | cut -d= -f2 >serial && fetch_crl
}

fetch_crl() {
	curl -sSf -o crl.der "$url/pki/issuing/full.crl" && openssl crl -inform DER -in crl.der -out crl.pem &&
		curl -sSf -o root-list.der "$url/pki/issuing/root.crl" && openssl crl -inform DER -in root-list.der -out root-list.pem
}

# --- OCSP -------------------------------------------------------------------------------------

trusted_status() {     # trusted_status STATUS OPTION… — by POST with a nonce
	status=$1
	shift
	openssl ocsp -issuer issuing.pem -url "$url/pki/issuing/ocsp" -CAfile root.pem -verify_other issuing.pem "$@" >read 2>&1
	cat read
	grep -q "Response verify OK" read && grep -q ": $status" read && ! grep -q WARNING read
}

# RFC 6960 A.1: GET with the base64 of the request, percent-encoded.
get_status() {
	openssl ocsp -issuer issuing.pem -cert holder.pem -no_nonce -reqout get.request || return 1
	path=$(base64 -w0 get.request | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')
	curl -sSf -D get.headers -o get.answer "$url/pki/issuing/ocsp/$path" || return 1
	etag=$(sed -n 's/^[Ee][Tt]ag: *\(".*"\).*/\1/p' get.headers)
	# RFC 5019 6: what an HTTP cache needs, and that it may keep what it has.
	grep -qi '^cache-control: max-age=[0-9]*, public, no-transform, must-revalidate' get.headers && grep -qi '^expires: ' get.headers &&
		grep -qi '^last-modified: ' get.headers &&
		[ "$(curl -s -o again.answer -w '%{http_code}' -H "If-None-Match: $etag" "$url/pki/issuing/ocsp/$path")" = 304 ] && ! [ -s again.answer ] &&
		grep -qi '^content-type: application/ocsp-response' get.headers &&
		says ": $1" openssl ocsp -reqin get.request -respin get.answer -issuer issuing.pem -cert holder.pem -no_nonce \
			-CAfile root.pem -verify_other issuing.pem
}

ocsptool_status() { says "$1" ocsptool --ask="$url/pki/issuing/ocsp" --nonce --load-cert holder.pem --load-issuer issuing.pem --load-trust root.pem; }

sm2_status() {
	openssl ocsp -issuer issuing.pem -cert holder.pem -url "$url/pki/issuing/ocsp" -noverify -respout sm2.answer >/dev/null &&
		says "Cert Status: $1" openssl ocsp -respin sm2.answer -noverify -resp_text
}

# --- chains and lists -------------------------------------------------------------------------

# The whole path: the root's list is the one of the ceremony that made the site.
openssl_verify() { openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile crl.pem -CRLfile root-list.pem holder.pem; }

crl_lists_holder() { openssl crl -in crl.pem -noout -text | grep -q "Serial Number: $(sed 's/^0*//' serial)"; }

crl_number() { openssl crl -in "$1" -noout -crlnumber | sed 's/.*=0x//'; }

certtool_verify() { says "$1" certtool --verify --load-ca-certificate root.pem --load-crl crl.pem --infile chain.pem; }

nss_make() {
	mkdir nss && certutil -N -d sql:nss --empty-password && certutil -A -d sql:nss -n root -t CT,, -i root.pem &&
		certutil -A -d sql:nss -n issuing -t ,, -i issuing.pem
}

nss_holder() {
	nick=$(certutil -L -d sql:nss | sed -n 's/  *u,u,u *$//p' | head -n 1)
	certutil -V -d sql:nss -n "$nick" -u C -e
}

# NSS by its own OCSP client: vfychain finds responder and CA certificate by the addresses in the holder's certificate.  A root alone is trusted.
# It reads no list of a distribution point (a critical issuingDistributionPoint): of lists it gets the full one, by hand.
nss_ocsp_make() { mkdir nss-ocsp && certutil -N -d sql:nss-ocsp --empty-password && certutil -A -d sql:nss-ocsp -n root -t CT,, -i root.pem; }
nss_asks() { says "$1" vfychain -d sql:nss-ocsp -pp -vv -u 0 -f -g leaf -h requireFreshInfo -m ocsp -s requireInfo,failIfNoInfo -a holder.pem; }
# Java's keytool reads the holder's PKCS#12, and builds the chain from the root up: what it can verify it adds without a question.  With Bouncy Castle before
# its own providers it knows SM2.
java_keytool() {
	keytool -J-Duser.language=en "$@" </dev/null
}

keytool_lists() { says "PrivateKeyEntry" java_keytool -list -storetype PKCS12 -keystore holder.p12 -storepass "$(cat holder.pin)"; }

keytool_chain() {     # keytool_chain OPTION… — root, issuing and holder, one under the other
	java_keytool "$@" -importcert -noprompt -alias root -file root.pem && says "was added to keystore" java_keytool "$@" -importcert -alias issuing -file issuing.pem &&
		says "was added to keystore" java_keytool "$@" -importcert -alias holder -file holder.pem
}

sm2_keytool_chain() {
	printf 'security.provider.%s\n' 1=org.bouncycastle.jce.provider.BouncyCastleProvider 2=SUN 3=SunRsaSign 4=SunEC 5=SunJSSE 6=SunJCE >bc.security
	keytool_chain -J-Djava.security.properties="$PWD/bc.security" -J-cp -J/usr/share/java/bcprov.jar -keystore bc.store -storetype BKS -storepass changeit
}

# cms: a document signed with the holder's key and certificate is his for whoever has the root; changed, it is nobody's.
cms_signed() {
	echo 竞买报价 >offer && openssl cms -sign -binary -in offer -signer holder.pem -inkey plain.key -certfile issuing.pem -outform DER -out offer.p7s &&
		openssl cms -verify -binary -inform DER -in offer.p7s -content offer -CAfile root.pem -purpose any -out /dev/null
}
cms_changed() { echo 别的报价 >other && openssl cms -verify -binary -inform DER -in offer.p7s -content other -CAfile root.pem -purpose any -out /dev/null; }

# ts: a stamp over it, asked for and verified.
stamped() {
	openssl ts -query -data offer -sha256 -cert -out offer.tsq &&
		curl -sSf -H 'Content-Type: application/timestamp-query' --data-binary @offer.tsq -o offer.tsr "$url/pki/tsa" &&
		says "Verification: OK" openssl ts -verify -in offer.tsr -queryfile offer.tsq -CAfile root.pem -untrusted issuing.pem
}

# A database of its own: a list of the same second does not replace an earlier one there.
nss_with_list() {     # nss_with_list TEXT
	rm -rf nss-list && mkdir nss-list && certutil -N -d sql:nss-list --empty-password && certutil -A -d sql:nss-list -n root -t CT,, -i root.pem &&
		certutil -A -d sql:nss-list -n issuing -t ,, -i issuing.pem && certutil -A -d sql:nss-list -n holder -t ,, -i holder.pem &&
		crlutil -I -d sql:nss-list -i crl.der && says "$1" certutil -V -d sql:nss-list -n holder -u C -e
}
ocspclnt_says() { says "$1" ocspclnt -d sql:nss -S "$(certutil -L -d sql:nss | sed -n 's/  *u,u,u *$//p' | head -n 1)"; }

nss_list() { crlutil -I -d sql:nss -i crl.der -B && crlutil -L -d sql:nss; }

# --- TLS with and without a certificate ---------------------------------------------------------

# https_login STATUS OPTION… — what POST /login/tls answers; the reply in reply, its headers in headers.
https_login() {
	wanted=$1
	shift
	rm -f reply headers
	got=$(curl -sS -D headers -o reply -w '%{http_code}' --cacert site/ca/tls-root.crt -H 'Content-Type: application/json' \
		-d '{}' "$@" "$https/api/v1/login/tls")
	echo "answered $got"
	cat headers reply
	[ "$got" = "$wanted" ]
}

# The cookie works, and only over TLS, never for a script, never from another site.
https_session() {
	https_login 201 --cert-type P12 --cert "holder.p12:$(cat holder.pin)" || return 1
	grep -qi '^set-cookie: .*; *HttpOnly' headers && grep -qi '^set-cookie: .*; *Secure' headers &&
		grep -qi '^set-cookie: .*; *SameSite=Strict' headers || return 1
	cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: \(diqi_session=[^;]*\).*/\1/p' headers)
	curl -sSf --cacert site/ca/tls-root.crt -H "Cookie: $cookie" "$https/api/v1/session" | grep -q '"kind": *"holder"'
}

s_client() {
	printf 'GET /api/v1/site HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
		openssl s_client -connect "${https#https://}" -CAfile site/ca/tls-root.crt -verify_return_error -ign_eof "$@" 2>&1
}

s_client_says() {
	text=$1
	shift
	s_client "$@" >said
	cat said
	grep -q -- "$text" said
}

gnutls_login() {
	printf 'POST /api/v1/login/tls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}' |
		gnutls-cli --x509cafile site/ca/tls-root.crt --x509keyfile plain.key --x509certfile chain.pem \
			-p "${https##*:}" 127.0.0.1 >said 2>&1
	cat said
	grep -q '^HTTP/1.1 201' said
}

self_signed() { openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=stranger -days 2 -keyout stranger.key -out stranger.pem; }

# --- one algorithm after the other ---------------------------------------------------------------

while_good() {
	check "openssl ocsp, POST with nonce, SHA-1: good" trusted_status good -sha1 -cert holder.pem
	check "openssl ocsp, POST with nonce, SHA-256: good" trusted_status good -sha256 -cert holder.pem
	check "openssl ocsp, a serial never issued: unknown" trusted_status unknown -serial 0x017777777777777777777777777777777777777701
	check "curl, OCSP by GET: good" get_status good
	check "ocsptool --ask: good" ocsptool_status "Certificate Status: good"
	check "openssl verify with the list" openssl_verify
	check "openssl crl: the issuing CA signed it" says "verify OK" openssl crl -inform DER -in crl.der -CAfile issuing.pem -noout
	check "openssl crl: the holder is not on it" fails crl_lists_holder
	check "certtool --verify" certtool_verify "Verified. The certificate is trusted"
	check "certutil makes a database with our CAs" nss_make
	check "pk12util imports the PKCS#12" pk12util -i holder.p12 -d sql:nss -w holder.pin
	check "certutil -V as a TLS client" nss_holder
	check "NSS asks the responder itself" nss_ocsp_make
	check "vfychain, OCSP at the certificate's own address: good" nss_asks "Chain is good"
	check "ocspclnt: good" ocspclnt_says "succeeded"
	check "certutil -V with the list: good" nss_with_list "certificate is valid"
	check "crlutil takes the list" nss_list
	check "keytool lists the PKCS#12" keytool_lists
	check "keytool builds the chain" keytool_chain -keystore java.store -storetype PKCS12 -storepass changeit
	check "openssl cms signs with the holder's key, and verifies" cms_signed
	check "openssl cms: another document is not his" fails cms_changed
	check "openssl ts: a stamp of the site" stamped
}

tls_while_good() {
	check "s_client without a certificate" s_client_says '"issuing_fingerprint"'
	check "s_client with the certificate" s_client_says '"issuing_fingerprint"' -cert holder.pem -key plain.key -cert_chain chain.pem
	check "TLS 1.2 with the certificate" s_client_says '"issuing_fingerprint"' -tls1_2 -cert holder.pem -key plain.key
	check "TLS 1.1 is refused" s_client_says 'Cipher is (NONE)' -tls1_1 -cipher DEFAULT@SECLEVEL=0
	check "no session ticket: nothing outlives a revocation" fails s_client_says 'TLS session ticket:' -tls1_2
	check "curl logs in with the PKCS#12" https_session
	check "gnutls-cli logs in" gnutls_login
	check "curl without a certificate is not logged in" https_login 401
	check "openssl makes a stranger's certificate" self_signed
	check "a stranger's certificate is not logged in" fails https_login 201 --cert stranger.pem --key stranger.key
}

when_revoked() {
	first=$(crl_number crl.pem)
	check "the holder revokes" "$program" certificate revoke "$(tr A-F a-f <serial)" --reason keyCompromise --as holder.p12
	sleep 1      # a revocation is on the list within a second
	check "curl fetches the list again" fetch_crl
	check "openssl crl: a higher number" test "$((0x$(crl_number crl.pem)))" -gt "$((0x$first))"
	check "openssl crl: the holder is on it" crl_lists_holder
}

revoked_seen() {
	check "openssl ocsp: revoked" trusted_status revoked -cert holder.pem
	check "openssl ocsp: and why" says "Reason: keyCompromise" trusted_status revoked -cert holder.pem
	check "curl, OCSP by GET: revoked" get_status revoked
	check "ocsptool --ask: revoked" ocsptool_status "Certificate Status: revoked"
	check "openssl verify: revoked" says "certificate revoked" openssl_verify
	check "certtool --verify: revoked" certtool_verify revoked
	check "vfychain, OCSP: revoked" nss_asks "has been revoked"
	check "ocspclnt: revoked" ocspclnt_says "revoked"
	check "certutil -V with the list: revoked" nss_with_list "has been revoked"
	check "curl is not logged in any more" https_login 403 --cert-type P12 --cert "holder.p12:$(cat holder.pin)"
}

# OpenSSL 3.0 verifies an SM2 chain one link at a time; GnuTLS and NSS know no SM2, and TLS here is by P-256 and RSA.
sm2_checks() {
	check "openssl verify, holder" openssl verify -partial_chain -vfyopt distid:$sm2_id -CAfile issuing.pem holder.pem
	check "openssl verify, issuing" openssl verify -vfyopt distid:$sm2_id -CAfile root.pem issuing.pem
	[ -r /usr/share/java/bcprov.jar ] && check "keytool with Bouncy Castle builds the SM2 chain" sm2_keytool_chain
	check "openssl ocsp: good" sm2_status good
	check "curl without a certificate is not logged in" https_login 401
	when_revoked
	check "openssl ocsp: revoked" sm2_status revoked
}

for algorithm in p256 rsa3072 sm2; do
	mkdir "$work/$algorithm" && cd "$work/$algorithm" || exit 1
	check "a site serves" start_site
	check "our command line makes a holder" make_holder
	check "CA certificates and list by HTTP" download
	if [ "$algorithm" = sm2 ]; then
		sm2_checks
	else
		while_good
		tls_while_good
		when_revoked
		revoked_seen
	fi
	stop_server
done
echo "1..$count"
