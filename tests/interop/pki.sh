#!/bin/bash
# tests/interop/pki.sh PKI-FILES — other programs judge our certificates, lists, OCSP answers, requests
# and PKCS#12 files, and we judge theirs: OpenSSL, GnuTLS (certtool, ocsptool), NSS (pk12util), Java
# (keytool), Bouncy Castle.  TAP.  A program that is not installed skips its checks.
# OpenSSL 3.0 sets SM2's identity on the first certificate of a chain only and on no list or OCSP answer:
# there the signature is taken out of the file and checked alone.
set -u
files=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
count=0
password=interop-42
sm2_id=1234567812345678

# check NAME COMMAND… — the command succeeds.
check() {
	local name=$1
	shift
	count=$((count + 1))
	if ! command -v "$1" >/dev/null; then
		echo "ok $count $name # SKIP no $1"
	elif "$@" >log 2>&1; then
		echo "ok $count $name"
	else
		echo "not ok $count $name"
		sed 's/^/# /' log
	fi
}

# says TEXT COMMAND… — the command's output holds TEXT, whatever its exit code.
says() {
	local text=$1
	shift
	"$@" >said 2>&1
	cat said
	grep -q -- "$text" said
}

# A signed structure's first member, and the signature at its end, into body and signature.
split_signed() {
	local file=$1 at=${2:-}
	local offsets
	[ -n "$at" ] && { openssl asn1parse -inform DER -in "$file" -strparse "$at" -noout -out inner || return 1; file=inner; }
	offsets=$(openssl asn1parse -inform DER -in "$file" | awk -F: '/d=1 / { print $1 + 0 }') || return 1
	openssl asn1parse -inform DER -in "$file" -strparse "$(echo "$offsets" | sed -n 1p)" -noout -out body &&
		openssl asn1parse -inform DER -in "$file" -strparse "$(echo "$offsets" | sed -n 3p)" -noout -out signature
}

sm2_signature() {
	openssl x509 -in "$1" -noout -pubkey >signer.pub && split_signed "$2" "${3:-}" &&
		openssl pkeyutl -verify -pubin -inkey signer.pub -rawin -in body -sigfile signature -digest sm3 -pkeyopt distid:$sm2_id
}

# Offset of the OCTET STRING that holds the BasicOCSPResponse.
basic_offset() { openssl asn1parse -inform DER -in "$1" | awk -F: '/OCTET STRING/ { print $1 + 0; exit }'; }

# A question is the name of a certificate's file, or a serial number.
question() {
	case $2 in
	*.pem) echo "-cert $1/$2" ;;
	*) echo "-serial $2" ;;
	esac
}

ask() {      # ask DIR QUESTION OPTION… — asks our responder; request and answer in DIR
	local dir=$1 about
	about=$(question "$1" "$2")
	shift 2
	openssl ocsp -issuer "$dir/issuing.pem" "$@" $about -reqout "$dir/request" &&
		"$files" answer "$dir" "$dir/request" "$dir/answer"
}

read_answer() {      # read_answer DIR QUESTION STATUS OPTION…
	local dir=$1 asked=$2 status=$3 about
	about=$(question "$1" "$2")
	shift 3
	# -no_nonce: do not add another to the one that was sent; that one is compared
	openssl ocsp -reqin "$dir/request" -respin "$dir/answer" -issuer "$dir/issuing.pem" -no_nonce "$@" $about \
		-CAfile "$dir/root.pem" -verify_other "$dir/issuing.pem" >read 2>&1
	cat read
	grep -q "Response verify OK" read && grep -q "$asked: $status" read
}

openssl_judges() {
	local a=$1
	check "$a: openssl verify" openssl verify -x509_strict -check_ss_sig -CAfile $a/root.pem -untrusted $a/issuing.pem $a/holder.pem
	check "$a: openssl verify with our list" openssl verify -crl_check -CAfile $a/root.pem -untrusted $a/issuing.pem -CRLfile $a/crl.pem $a/holder.pem
	check "$a: openssl finds the revoked one" says "certificate revoked" openssl verify -crl_check -CAfile $a/root.pem -untrusted $a/issuing.pem -CRLfile $a/crl.pem $a/revoked.pem
	check "$a: openssl finds the held one" says "certificate revoked" openssl verify -crl_check -CAfile $a/root.pem -untrusted $a/issuing.pem -CRLfile $a/crl.pem $a/held.pem
	check "$a: openssl crl" openssl crl -inform DER -in $a/crl.der -CAfile $a/issuing.pem -noout
	for hash in sha1 sha256; do
		check "$a: our responder answers $hash" ask $a holder.pem -$hash
		check "$a: openssl ocsp reads good" read_answer $a holder.pem good -$hash
	done
	check "$a: our responder answers without a nonce" ask $a revoked.pem -no_nonce
	check "$a: openssl ocsp reads revoked" read_answer $a revoked.pem revoked
	check "$a: our responder answers about a serial it never gave" ask $a 0x01
	check "$a: openssl ocsp reads unknown" read_answer $a 0x01 unknown
	check "$a: openssl req" says "verify OK" openssl req -inform DER -in $a/csr.der -verify -noout
}

openssl_judges_sm2() {
	local a=sm2
	check "$a: openssl verify, holder" openssl verify -partial_chain -vfyopt distid:$sm2_id -CAfile $a/issuing.pem $a/holder.pem
	check "$a: openssl verify, issuing" openssl verify -vfyopt distid:$sm2_id -CAfile $a/root.pem $a/issuing.pem
	check "$a: signature of the list" sm2_signature $a/issuing.pem $a/crl.der
	check "$a: openssl crl reads the list" says "Certificate Hold" openssl crl -inform DER -in $a/crl.der -noout -text
	check "$a: our responder answers" ask $a held.pem -sha256
	check "$a: openssl ocsp reads revoked" says "Reason: certificateHold" openssl ocsp -respin $a/answer -noverify -resp_text
	check "$a: signature of the answer" sm2_signature $a/ocsp.pem $a/answer "$(basic_offset $a/answer)"
	check "$a: openssl req" says "verify OK" openssl req -inform DER -in $a/csr.der -vfyopt distid:$sm2_id -verify -noout
}

files_judged() {
	local a=$1
	check "$a: openssl pkey opens the key" openssl pkey -in $a/holder.sealed -passin pass:$password -noout
	check "$a: openssl pkcs12" openssl pkcs12 -in $a/holder.p12 -passin pass:$password -noout
	check "$a: openssl pkcs12, wrong password" says "Mac verify error" openssl pkcs12 -in $a/holder.p12 -passin pass:x -noout
}

gnutls_judges() {
	local a=$1
	cat $a/holder.pem $a/issuing.pem >$a/chain.pem
	cat $a/revoked.pem $a/issuing.pem >$a/revoked-chain.pem
	check "$a: certtool --verify" says "Verified" certtool --verify --load-ca-certificate $a/root.pem --infile $a/chain.pem
	check "$a: certtool with our list" says "revoked" certtool --verify --load-ca-certificate $a/root.pem --load-crl $a/crl.pem --infile $a/revoked-chain.pem
	check "$a: certtool --verify-crl" says "Verified" certtool --verify-crl --load-ca-certificate $a/issuing.pem --infile $a/crl.pem
	check "$a: our responder answers again" ask $a revoked.pem
	check "$a: ocsptool" says "Success" ocsptool --verify-response --load-response $a/answer --load-trust $a/issuing.pem
	check "$a: certtool --p12-info" says "BEGIN CERTIFICATE" certtool --p12-info --inder --infile $a/holder.p12 --password $password
	check "$a: certtool --crq-info" says "Self signature: verified" certtool --crq-info --inder --infile $a/csr.der
}

others_judge() {
	local a=$1
	check "$a: pk12util makes a database" certutil -N -d sql:"$work" --empty-password
	check "$a: pk12util imports" pk12util -i $a/holder.p12 -d sql:"$work" -W $password
	rm -f cert9.db key4.db pkcs11.txt
	check "$a: keytool" says "PrivateKeyEntry" keytool -J-Duser.language=en -list -storetype PKCS12 -keystore $a/holder.p12 -storepass $password
}

# Java's keytool with Bouncy Castle before its own providers: what chains to a certificate in the store is added without a
# question, everything else is asked about, and nobody answers.
bouncy_castle() {
	printf 'security.provider.%s\n' 1=org.bouncycastle.jce.provider.BouncyCastleProvider 2=SUN 3=SunRsaSign 4=SunEC 5=SunJSSE 6=SunJCE >bc.security
	keytool -J-Duser.language=en -J-Djava.security.properties="$PWD/bc.security" -J-cp -J/usr/share/java/bcprov.jar \
		"$@" -keystore bc.store -storetype BKS -storepass changeit </dev/null
}

refuses_changed() {
	openssl x509 -in "$1" -outform DER -out changed.der || return 1
	local at
	at=$(($(stat -c %s changed.der) - 3))
	local octet
	octet=$(od -An -tu1 -j $at -N 1 changed.der)
	printf "\\$(printf '%03o' $((octet ^ 1)))" | dd of=changed.der bs=1 seek=$at conv=notrunc 2>/dev/null
	says "was not added to keystore" bouncy_castle -importcert -alias changed -file changed.der
}

bouncy_castle_judges() {
	local a=$1
	rm -f bc.store
	[ -r /usr/share/java/bcprov.jar ] || { count=$((count + 1)); echo "ok $count $a: Bouncy Castle # SKIP no libbcprov-java"; return; }
	check "$a: Bouncy Castle takes the root" bouncy_castle -importcert -noprompt -alias root -file $a/root.pem
	check "$a: Bouncy Castle verifies the issuing authority" says "was added to keystore" bouncy_castle -importcert -alias issuing -file $a/issuing.pem
	check "$a: Bouncy Castle verifies the holder" says "was added to keystore" bouncy_castle -importcert -alias holder -file $a/holder.pem
	check "$a: Bouncy Castle refuses a changed one" refuses_changed $a/revoked.pem
	check "$a: Bouncy Castle verifies the list" says "Verified by issuing in keystore" bouncy_castle -printcrl -file $a/crl.der
}

we_judge() {
	local a=$1 name=$2
	shift 2
	check "$a: openssl makes a request" openssl req -new -key $a/holder.key -subj /CN=x "$@" -outform DER -out theirs
	check "$a: we accept it" "$files" csr theirs
	check "$a: openssl makes PKCS#12" openssl pkcs12 -export -in $a/holder.pem -inkey $a/holder.key -passout pass:pw -out theirs
	check "$a: we open it" "$files" p12 theirs pw
}

# --- envelopes: of an encryption certificate's key for its holder, and of a text for a bare key ---

text="thirty-two bytes of a share, say"

# The key in FILE is that of the encryption certificate.
is_encryption_key() {
	openssl pkey -inform DER -in "$2" -pubout >opened.pub && openssl x509 -in "$1/encryption.pem" -noout -pubkey | cmp - opened.pub
}

cms_opens_key() {
	openssl cms -decrypt -inform DER -in "$1/envelope.der" -recip "$1/holder.pem" -inkey "$1/holder.key" -out opened.der && is_encryption_key "$1" opened.der
}

cms_opens_text() {
	openssl cms -decrypt -inform DER -in "$1/sealed.der" -inkey "$1/holder.key" -out opened && [ "$(cat opened)" = "$text" ]
}

# By an option each kind of key has its own: our reader takes one scheme of each.
cms_makes() {
	local dir=$1
	shift
	printf %s "$text" >plain
	openssl cms -encrypt -binary -aes256 -in plain -outform DER -out theirs -recip "$dir/holder.pem" "$@"
}

we_open() { [ "$("$files" open "$1" theirs)" = "$text" ]; }

cms_envelopes() {
	local a=$1 dir=$1.envelope
	shift
	mkdir $dir
	check "$a: enveloped" "$files" envelope $a $dir
	check "$a: openssl cms opens the enveloped key" cms_opens_key $dir
	check "$a: openssl cms opens an envelope for a bare key" cms_opens_text $dir
	check "$a: openssl cms makes one" cms_makes $dir "$@"
	check "$a: we open it" we_open $dir
}

# Offset of the n-th member of a SEQUENCE.
member_offset() { openssl asn1parse -inform DER -in "$1" | awk -F: '/d=1 / { print $1 + 0 }' | sed -n "$2p"; }

# SM2EnvelopedKey taken apart by hand: SM2Cipher → SM4 key → d, whose point is the certificate's.
sm2_opens_key() {
	local dir=$1 at
	at=$(member_offset $dir/envelope.der 2)
	openssl asn1parse -inform DER -in $dir/envelope.der -strparse "$at" -noout -out cipher &&
		openssl pkeyutl -decrypt -inkey $dir/holder.key -in cipher -out session && [ "$(stat -c %s session)" = 16 ] || return 1
	tail -c 32 $dir/envelope.der >wrapped
	openssl enc -d -sm4-ecb -nopad -K "$(od -An -tx1 session | tr -d ' \n')" -in wrapped -out number || return 1
	openssl pkey -in $dir/encryption.key -noout -text | sed -n '/^priv:/,/^pub:/p' | grep -v '^p' | tr -d ' :\n' >theirs.hex
	[ "$(od -An -v -tx1 number | tr -d ' \n')" = "$(printf '%64s' "$(sed 's/^00//' theirs.hex)" | tr ' ' 0)" ]
}

sm2_opens_text() { openssl pkeyutl -decrypt -inkey "$1/holder.key" -in "$1/sealed.der" -out opened && [ "$(cat opened)" = "$text" ]; }

sm2_envelopes() {
	local dir=sm2.envelope
	mkdir $dir
	printf %s "$text" >plain
	check "sm2: enveloped" "$files" envelope sm2 $dir
	check "sm2: openssl takes SM2EnvelopedKey apart" sm2_opens_key $dir
	check "sm2: openssl pkeyutl opens SM2Cipher" sm2_opens_text $dir
	check "sm2: openssl pkeyutl makes one" openssl pkeyutl -encrypt -pubin -inkey <(openssl x509 -in $dir/holder.pem -noout -pubkey) -in plain -out theirs
	check "sm2: we open it" we_open $dir
}

for a in p256 p384 rsa3072 rsa4096 sm2; do
	mkdir $a
	check "$a: made" "$files" make $a $a
	openssl crl -inform DER -in $a/crl.der -out $a/crl.pem 2>/dev/null
	files_judged $a
done
for a in p256 p384 rsa3072 rsa4096; do
	openssl_judges $a
	gnutls_judges $a
	others_judge $a
	digest=-sha256
	[ $a = p384 ] && digest=-sha384
	we_judge $a $a $digest
done
openssl_judges_sm2
bouncy_castle_judges sm2
bouncy_castle_judges p256
we_judge sm2 sm2 -sm3 -sigopt distid:$sm2_id
check "p256: certtool makes a request" certtool --generate-request --load-privkey p256/holder.key --template /dev/null --outfile theirs
check "p256: we accept certtool's" "$files" csr theirs
for a in p256 p384; do
	cms_envelopes $a -keyopt ecdh_kdf_md:sha256
done
cms_envelopes rsa3072 -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256
sm2_envelopes
echo "1..$count"
