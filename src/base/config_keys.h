/* base/config_keys.h — table of every configuration key; included by config.c.
 * CONFIG_SECTION (name, comment) begins a section, CONFIG_KEY (section, key, TYPE,
 * default, least, most, comment) is one key in it.  least and most bound an INT. */
CONFIG_SECTION ("site", "What this site stores.")
CONFIG_KEY ("site", "store", STRING, "sqlite:data/diqi.db", 0, 0,
	"Database: sqlite:PATH (relative to this file) or postgresql://USER@HOST/NAME")
CONFIG_SECTION ("http", "What this site listens on.  ADDRESS:PORT, [ADDRESS]:PORT for IPv6; port 0 picks a free one.")
CONFIG_KEY ("http", "listen", LISTEN, "127.0.0.1:8080", 0, 0, "Plain HTTP; keep it on loopback or behind a proxy")
CONFIG_KEY ("http", "tls_listen", LISTEN, "", 0, 0, "HTTPS that asks for a client certificate; empty = off")
CONFIG_KEY ("http", "tls_certificate", PATH, "ca/tls.crt", 0, 0, "PEM, the server's certificate first")
CONFIG_KEY ("http", "tls_key", PATH, "ca/tls.key", 0, 0, "PEM, mode 0600")
CONFIG_KEY ("http", "manage_listen", LISTEN, "127.0.0.1:9464", 0, 0, "/livez, /readyz and /metrics; never open to the public")
CONFIG_KEY ("http", "workers", INT, "0", 0, 256, "Threads that run requests; 0 = 64")
CONFIG_KEY ("http", "rate_per_second", INT, "50", 0, 1000000, "Requests one address may make a second; 0 = no limit")
CONFIG_SECTION ("signer", "The process that holds the keys.")
CONFIG_KEY ("signer", "socket", PATH, "", 0, 0, "Unix socket of a signer that runs apart; empty = start one of our own")
CONFIG_KEY ("signer", "dir", PATH, "signer", 0, 0, "Its folder, mode 0700")
CONFIG_SECTION ("log", "JSON lines on standard error.")
CONFIG_KEY ("log", "level", CHOICE, "info|debug|warn|error", 0, 0, "Least level that is written")
CONFIG_SECTION ("store", "Database connections.")
CONFIG_KEY ("store", "readers", INT, "4", 1, 64, "Connections for reading")
CONFIG_KEY ("store", "writers", INT, "4", 1, 64, "Connections for writing (PostgreSQL; SQLite has one writer)")
CONFIG_KEY ("store", "gather_micros", INT, "500", 0, 100000,
	"How long the SQLite writer waits for more transactions before it commits them together")
CONFIG_SECTION ("clock", "The clock that decides.  A production site takes the system's only.")
CONFIG_KEY ("clock", "source", CHOICE, "system|frozen|offset", 0, 0, "Test sites may stop or move it")
