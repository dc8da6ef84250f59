#!/bin/sh
# Holds the layers of docs/architecture.md: a folder of src/ includes only folders of lower rank, siblings
# never include one another, no folder has an include cycle among its files, and foreign headers stay
# behind their fences.  Prints TAP.
set -eu
cd "$(dirname "$0")/.."
find src -name '*.[ch]' | LC_ALL=C sort | xargs awk '
BEGIN {
	split ("base store pki net evidence signer authority identity ledger calendar outbox document registry market api protocol jobs main", names, " ")
	split ("1 2 2 2 3 3 4 4 4 4 4 4 5 5 6 6 6 7", ranks, " ")
	for (i in names) rank[names[i]] = ranks[i]
	fence["openssl/"] = "^src/pki/"
	fence["sqlite3.h"] = "^src/store/sqlite\\.c$"
	fence["libpq-fe.h"] = "^src/store/pgsql\\.c$"
	fence["microhttpd.h"] = "^src/net/"
	fence["gnutls/"] = "^src/net/"
	fence["curl/"] = "^src/net/"
	fence["seccomp.h"] = "^src/signer/"
	fence["cairo"] = "^src/document/"
	fence["pango/"] = "^src/document/"
	fence["qrencode.h"] = "^src/document/"
	fence["xlsxwriter.h"] = "^src/document/"
	fence["zip.h"] = "^src/document/"
	fence["magic.h"] = "^src/document/"
	fence["p11-kit/"] = "^src/pki/(token|pkcs11)"
	fence["gfshare"] = "^src/signer/"
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	h = $0; sub (/.*</, "", h); sub (/>.*/, "", h)
	for (f in fence) if (index (h, f) == 1 && FILENAME !~ fence[f])
		bad[FILENAME ": foreign header <" h "> outside its fence"] = 1
	next
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	h = $0; sub (/^[^"]*"/, "", h); sub (/".*/, "", h)
	split (FILENAME, p, "/"); from = p[2]
	to = h; sub (/\/.*/, "", to)
	if (index (h, "/") == 0) { bad[FILENAME ": include \"" h "\" without its folder"] = 1; next }
	if (!(to in rank)) { bad[FILENAME ": include of unknown folder \"" h "\""] = 1; next }
	if (!(from in rank)) { bad[FILENAME ": unknown folder"] = 1; next }
	if (from != to && rank[to] >= rank[from])
		bad[FILENAME ": " from " (rank " rank[from] ") includes " h " (rank " rank[to] ")"] = 1
	if (from == to) { f = FILENAME; sub (/^src\//, "", f); if (f ~ /\.h$/) edge[f] = edge[f] " " h }
}
function visit (f,    n, i, t) {
	if (state[f] == 2) return
	if (state[f] == 1) { bad["src/" f ": include cycle"] = 1; return }
	state[f] = 1
	n = split (edge[f], t, " ")
	for (i = 1; i <= n; i++) visit (t[i])
	state[f] = 2
}
END {
	for (f in edge) visit (f)
	n = 0
	for (b in bad) { print "# " b; n++ }
	print (n == 0 ? "ok" : "not ok") " - layers: includes point only down"
}'
