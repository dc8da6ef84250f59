#!/bin/bash
# tests/interop/pdf.sh PKI-FILES — other programs judge our papers: qpdf (structure), poppler (text, pages, signatures with the
# site's root in an NSS database), ZBar (QR codes).  The blank ones and a filled set come from the small program pdf-files, the signed ones
# from a site.  attachments.txt has every label of the guide's three attachments.  TAP; a program that is not installed skips
# its checks.
set -u
files=$(realpath "$(dirname "$1")/../document/pdf-files")
program=$(realpath "${DIQI_PROGRAM:-build/test/src/main/diqi}")
forms=$(realpath data/demo)
labels=$(realpath tests/interop/attachments.txt)
# The font libraries keep what they found for the life of the program.
export LSAN_OPTIONS=suppressions=$(realpath tests/lsan.supp)
full_stacks=$(realpath tests/lsan_full_stacks.supp)
work=$(mktemp -d)
server=
count=0
trap '[ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

# check NAME COMMAND… — the command succeeds.
check() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >log 2>&1 </dev/null; then
		echo "ok $count $name"
	else
		echo "not ok $count $name"
		tail -n 30 log | sed 's/^/# /'
	fi
}

fails() { ! "$@"; }

for tool in qpdf pdfsig pdftotext pdftoppm pdfinfo zbarimg certutil; do
	command -v $tool >/dev/null || { echo "ok 1 papers as PDF # SKIP no $tool"; exit 0; }
done

# --- unsigned: structure, pages, words, codes ----------------------------------------------------

words() { pdftotext -layout "$1" - | tr -d ' \n\r\t\f\v' | sed 's/　//g; s/ //g'; }

has_labels() {
	words "$2" >words.txt
	local bad=0
	while read -r form label; do
		[ "$form" != "$1" ] || grep -qF -- "$label" words.txt || { echo "no \"$label\""; bad=1; }
	done <"$labels"
	return $bad
}

is_a4() { pdfinfo "$1" | grep -q 'Page size: *595.28 x 841.89 pts (A4)' && [ "$(pdfinfo "$1" | sed -n 's/^Pages: *//p')" = "$2" ]; }

shows_code() {
	pdftoppm -r 150 -png -f 1 -l 1 -singlefile "$1" page
	zbarimg -q --raw page.png | grep -qx "$2"
}

embeds_fonts() { pdffonts "$1" | awk 'NR > 2 { n++; if ($(NF-4) != "yes") bad = 1 } END { exit !(n > 0 && !bad) }'; }

# With full stacks the loss that is cairo's own is told from papers that we forgot to give back.
ASAN_OPTIONS=${ASAN_OPTIONS:-}${ASAN_OPTIONS:+:}fast_unwind_on_malloc=0 LSAN_OPTIONS=suppressions=$full_stacks \
	"$files" . "$forms/organization.json" "$forms/person.json" || { echo "not ok 1 pdf-files ended with $?"; exit 0; }
for f in organization person contract; do
	check "$f: every label of the attachment stands in the blank form" has_labels $f $f-blank.pdf
	pages=1
	[ $f = contract ] && pages=4
	for p in $f-blank $f; do
		check "$p: qpdf finds no fault" qpdf --check $p.pdf
		check "$p: A4, $pages pages" is_a4 $p.pdf $pages
		check "$p: fonts are embedded" embeds_fonts $p.pdf
	done
done
check "receipt: qpdf finds no fault" qpdf --check receipt.pdf
for p in organization person receipt; do
	check "$p: ZBar reads the QR code" shows_code $p.pdf "https://diqi.example.org/counter/applications/.*"
done

# --- signed by a site ---------------------------------------------------------------------------------

start_site() {
	# pdfsig judges certificates by the real clock.
	"$program" demo --make-only --dir . --algorithm "$1" --clock "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)" || return 1
	"$program" serve --dir site --listen 127.0.0.1:0 --passphrase-file site/passphrase 2>serve.log &
	server=$!
	for _ in $(seq 600); do
		[ -s site/address ] && break
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
	DIQI_SERVER=$(cat site/address)
	export DIQI_SERVER
}

stop_site() {
	kill "$server" && wait "$server"
	server=
	rm -rf site people
}

get_papers() {
	rm -f ticket form.pdf contract.pdf slip.pdf
	"$program" application new organization --form "$forms/organization.json" --ticket ticket &&
		"$program" document form --ticket ticket --out form.pdf &&
		"$program" document contract --ticket ticket --out contract.pdf &&
		"$program" document slip --ticket ticket --out slip.pdf
}

trust_root() {
	rm -rf nss && mkdir nss && certutil -N -d sql:nss --empty-password &&
		certutil -A -d sql:nss -n root -t "CT,C,C" -i site/ca/root.crt
}

# Without OCSP: the certificates name the address that the site would have, and this one listens elsewhere.
valid_and_trusted() {
	pdfsig -no-ocsp -nssdir sql:nss "$1" | tee said
	grep -q 'Signature is Valid' said && grep -q 'Certificate is Trusted' said && grep -q 'Total document signed' said &&
		grep -q 'Signature Type: ETSI.CAdES.detached' said
}

# One changed digit of the contract's money, one added byte of text, one changed byte of the page.
changed() {
	cp form.pdf bad.pdf
	printf '\001' | dd of=bad.pdf bs=1 seek="$1" conv=notrunc 2>/dev/null
	cmp -s form.pdf bad.pdf && return 1
	! pdfsig -nssdir sql:nss bad.pdf | grep -q 'Signature is Valid'
}

for algorithm in p256 rsa3072; do
	check "$algorithm: a site is made and served" start_site $algorithm
	check "$algorithm: the command line fetches the papers" get_papers
	check "$algorithm: NSS takes the root" trust_root
	for p in form contract slip; do
		check "$algorithm: pdfsig: the $p's signature is valid, and trusted" valid_and_trusted $p.pdf
		check "$algorithm: qpdf finds no fault in the signed $p" qpdf --check $p.pdf
	done
	check "$algorithm: without the root the certificate is not trusted" fails sh -c 'mkdir -p none; pdfsig -no-ocsp -nssdir none form.pdf | grep -q "Certificate is Trusted"'
	for at in 20 3000 60000; do
		check "$algorithm: pdfsig sees a changed byte at $at" changed $at
	done
	check "$algorithm: the QR code leads to the record" shows_code form.pdf ".*/applications/$(sed -n 's/.*"application": *"\([^"]*\)".*/\1/p' ticket)"
	stop_site
done

# NSS knows no SM2, and `openssl cms` not the identifier that goes into its hash: the CMS over the bytes that the file's ByteRange names is taken
# apart, and `openssl pkeyutl` told the identifier.
sm2_parts() {
	local at
	at=$(openssl asn1parse -inform DER -in signature.der | sed -n 's/^ *\([0-9]*\):d=5 .*hl=\([0-9]*\) *l= *\([0-9]*\) cons: cont \[ 0 \].*/\1 \2 \3/p' | tail -n 1)
	set -- $at
	{ printf '\061'; tail -c +$(($1 + 2)) signature.der | head -c $(($2 + $3 - 1)); } >attributes
	at=$(openssl asn1parse -inform DER -in signature.der | sed -n 's/^ *\([0-9]*\):d=5 .*hl=\([0-9]*\) *l= *\([0-9]*\) prim: OCTET STRING.*/\1 \2 \3/p' | tail -n 1)
	set -- $at
	tail -c +$(($1 + $2 + 1)) signature.der | head -c "$3" >value
}

sm2_signature() {
	start_site sm2 && get_papers || return 1
	local range
	range=$(grep -a -o '/ByteRange \[[0-9 ]*\]' form.pdf | tr -dc '0-9 ')
	set -- $range
	{ head -c "$2" form.pdf; tail -c "$4" form.pdf; } >covered
	head -c $(($3 - 1)) form.pdf | tail -c +$(($2 + 2)) | sed 's/\(00\)*$//' | tr -d '\n' | xxd -r -p >signature.der
	[ "$(stat -c %s covered)" = $(($2 + $4)) ] && sm2_parts &&
		openssl asn1parse -inform DER -in attributes | grep -qi "HEX DUMP\]:$(openssl dgst -sm3 -r covered | cut -d' ' -f1)" &&
		openssl pkeyutl -verify -certin -inkey site/ca/document.crt -in attributes -rawin -digest sm3 -sigfile value -pkeyopt distid:1234567812345678
}
check "sm2: the signature in the form is SM2 with SM3 over the whole file" sm2_signature
echo "1..$count"
