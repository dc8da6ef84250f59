#!/bin/sh
# A private PostgreSQL cluster for tests, on loopback, thrown away afterwards.
#   pg-test.sh start DIR    makes and starts one in DIR, prints its address postgresql://…
#   pg-test.sh stop DIR     stops it and removes DIR's cluster
#   pg-test.sh crash DIR    ends it at once, as a power cut does to the processes
#   pg-test.sh again DIR    starts it again after that, on the same port
# The server refuses to be root, so root hands the cluster to the user "postgres".
set -eu
umask 077
usage () { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
[ $# -eq 2 ] || usage
bin=$(for d in /usr/lib/postgresql/*/bin; do [ -x "$d/initdb" ] && echo "$d"; done | LC_ALL=C sort -V | tail -n 1)
[ -n "$bin" ] || { echo "pg-test.sh: no PostgreSQL server found" >&2; exit 1; }
mkdir -p "$2"
dir=$(cd "$2" && pwd)

as_owner () {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	else
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	fi
}

start_on () {   # a port may be taken between choosing and binding, hence the loop in start
	as_owner "$bin/pg_ctl" -D "$dir/cluster" -l "$dir/cluster/server.log" -w -t 60 -s start -o "-p $1" >/dev/null 2>&1
}

start () {
	[ ! -e "$dir/cluster" ] || { echo "pg-test.sh: $dir/cluster exists" >&2; exit 1; }
	mkdir "$dir/cluster"
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	printf '%s\n' "$password" >"$dir/cluster.password"
	if [ "$(id -u)" -eq 0 ]; then
		id postgres >/dev/null 2>&1 || { echo "pg-test.sh: root needs a user named postgres" >&2; exit 1; }
		# The owner must be able to walk to its cluster.
		chmod o+x "$dir"
		chown postgres: "$dir/cluster" "$dir/cluster.password"
	fi
	# initdb need not reach the disk; what the server writes later does (fsync stays on).
	(cd / && as_owner "$bin/initdb" -D "$dir/cluster" -U diqi -A scram-sha-256 --pwfile="$dir/cluster.password" \
		-E UTF8 --locale=C.UTF-8 -k --no-sync --no-instructions >"$dir/initdb.log" 2>&1) || { cat "$dir/initdb.log" >&2; exit 1; }
	cat >>"$dir/cluster/postgresql.conf" <<-END
		listen_addresses = '127.0.0.1'
		unix_socket_directories = ''
		max_connections = 200
		fsync = on
		synchronous_commit = on
	END
	tries=0
	while :; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 40000))
		(cd / && start_on "$port") && break
		tries=$((tries + 1))
		[ "$tries" -lt 5 ] || { cat "$dir/cluster/server.log" >&2; exit 1; }
	done
	echo "postgresql://diqi:$password@127.0.0.1:$port/postgres"
}

stop () {
	[ -e "$dir/cluster" ] || return 0
	(cd / && as_owner "$bin/pg_ctl" -D "$dir/cluster" -w -t 60 -s -m immediate stop) || true
	rm -rf "$dir/cluster" "$dir/cluster.password" "$dir/initdb.log"
}

crash () {
	(cd / && as_owner "$bin/pg_ctl" -D "$dir/cluster" -w -t 60 -s -m immediate stop)
}

again () {   # -o of the first start is not remembered by "start"
	port=$(sed -n 's/.*"-p" "\([0-9]*\)".*/\1/p' "$dir/cluster/postmaster.opts")
	(cd / && start_on "$port")
}

case $1 in
start) start ;;
stop) stop ;;
crash) crash ;;
again) again ;;
*) usage ;;
esac
