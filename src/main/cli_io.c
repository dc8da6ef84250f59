/* main/cli_io.c — what the command line prints, and the files and secrets it reads. */
#include "main/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "main/cli_table.h"

static void
print_plain (const char *key, const json_t *value)
{
	if (json_is_null (value))
		return;
	if (json_is_boolean (value)) {
		printf ("%s: %s\n", key, json_is_true (value) ? "yes" : "no");
		return;
	}
	g_autofree char *text = json_is_string (value) ? g_strdup (json_string_value (value)) : json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY);
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		g_autofree char *shown = cli_printable (*line);
		/* What is under a member's first line stands in: no text looks like another member. */
		printf ("%s%s%s\n", line == lines ? key : "", line == lines ? ": " : "    ", shown);
	}
}

/* "items" is what was asked for; other lists stand beside it under their name. */
static gboolean
is_list (const char *key, const json_t *value)
{
	return json_is_array (value) && (json_is_object (json_array_get (value, 0)) || (strcmp (key, "items") == 0 && json_array_size (value) == 0));
}

static void
print_list (const Cli *cli, const char *key, const json_t *rows, const char *columns)
{
	if (json_array_size (rows) == 0) {
		cli_note (cli, "none");
		return;
	}
	g_autofree char *table = cli_table_text (rows, columns);
	if (strcmp (key, "items") != 0)
		printf ("%s:\n", key);
	fputs (table, stdout);
}

void
cli_print_columns (const Cli *cli, const json_t *value, const char *columns)
{
	if (value == NULL)
		return;
	if (cli_wants_json (cli) || !json_is_object (value)) {
		g_autofree char *text = json_dumps (value, JSON_INDENT (2) | JSON_ENCODE_ANY);
		puts (text);
		return;
	}
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *) value, key, member)
		if (is_list (key, member))
			print_list (cli, key, member, columns);
	json_object_foreach ((json_t *) value, key, member)
		if (!is_list (key, member))
			print_plain (key, member);
}

void
cli_print (const Cli *cli, const json_t *value)
{
	cli_print_columns (cli, value, NULL);
}

void
cli_print_bytes (GBytes *bytes)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (bytes, &n);
	fwrite (p, 1, n, stdout);
}

void
cli_note (const Cli *cli, const char *format, ...)
{
	if (cli_flag (cli, "quiet"))
		return;
	va_list args;
	va_start (args, format);
	vfprintf (stderr, format, args);
	va_end (args);
	fputc ('\n', stderr);
}

void
secret_free (char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero (secret, strlen (secret));
	g_free (secret);
}

#define SECRET_MAX 1024

char *
secret_read_fd (int fd, GError **error)
{
	char buffer[SECRET_MAX];
	gsize n = 0;
	while (n < sizeof buffer - 1) {
		gssize got = read (fd, buffer + n, sizeof buffer - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "cannot read the secret: %s", g_strerror (errno));
			return NULL;
		}
		if (got == 0)
			break;
		n += (gsize) got;
	}
	buffer[n] = '\0';
	buffer[strcspn (buffer, "\r\n")] = '\0';
	char *secret = g_strdup (buffer);
	explicit_bzero (buffer, sizeof buffer);
	return secret;
}

char *
secret_read_file (const char *path, GError **error)
{
	int fd = open (path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "cannot open %s: %s", path, g_strerror (errno));
		return NULL;
	}
	char *secret = secret_read_fd (fd, error);
	close (fd);
	return secret;
}

#define CTRL_C 0x03

/* No echo; and Ctrl-C ends the line instead of the program, which would leave the terminal without echo. */
static gboolean
terminal_hide (int fd, struct termios *shown)
{
	if (tcgetattr (fd, shown) != 0)
		return FALSE;
	struct termios hidden = *shown;
	hidden.c_lflag &= ~(tcflag_t) (ECHO | ISIG);
	hidden.c_lflag |= ICANON;
	hidden.c_cc[VEOL] = CTRL_C;
	return tcsetattr (fd, TCSAFLUSH, &hidden) == 0;
}

static gssize
read_line (int fd, char *line, gsize size)
{
	gssize n;
	do
		n = read (fd, line, size - 1);
	while (n < 0 && errno == EINTR);
	line[MAX (n, 0)] = '\0';
	return n;
}

char *
secret_ask (const char *prompt, const char *instead, GError **error)
{
	int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "no terminal to ask for: %s; give it by %s", prompt, instead);
		return NULL;
	}
	struct termios shown;
	char line[SECRET_MAX];
	gboolean hidden = terminal_hide (fd, &shown);
	dprintf (fd, "%s: ", prompt);
	gssize n = read_line (fd, line, sizeof line);
	if (hidden)
		tcsetattr (fd, TCSAFLUSH, &shown);
	dprintf (fd, "\n");
	close (fd);
	/* Without its newline it was cut off: Ctrl-C, Ctrl-D, or the terminal went away. */
	gboolean whole = n > 0 && line[n - 1] == '\n';
	line[strcspn (line, "\r\n")] = '\0';
	char *secret = whole ? g_strdup (line) : NULL;
	explicit_bzero (line, sizeof line);
	if (!whole)
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: not typed", prompt);
	return secret;
}

char *
secret_ask_new (const char *prompt, const char *instead, GError **error)
{
	g_autofree char *again = g_strdup_printf ("%s, 再次输入 / again", prompt);
	g_autoptr (Secret) first = secret_ask (prompt, instead, error);
	g_autoptr (Secret) second = first != NULL ? secret_ask (again, instead, error) : NULL;
	if (second == NULL)
		return NULL;
	if (strcmp (first, second) != 0) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "%s: what was typed the second time is something else", prompt);
		return NULL;
	}
	return g_steal_pointer (&first);
}

static gboolean
write_all (int fd, const guint8 *p, gsize n)
{
	while (n > 0) {
		gssize done = write (fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return FALSE;
		p += done;
		n -= (gsize) done;
	}
	return fsync (fd) == 0;
}

gboolean
file_write_new (const char *path, gconstpointer data, gsize n, guint mode, GError **error)
{
	int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t) mode);
	if (fd < 0 && errno == EEXIST)
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s exists already; it is not overwritten", path);
	if (fd < 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s: %s", path, g_strerror (errno));
	gboolean written = write_all (fd, data, n);
	int saved = errno;
	if (close (fd) != 0 || !written) {
		unlink (path);
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot write %s: %s", path, g_strerror (saved));
	}
	return TRUE;
}

GBytes *
file_read (const char *path, gsize max, GError **error)
{
	g_autofree char *text = NULL;
	gsize n = 0;
	g_autoptr (GError) failure = NULL;
	struct stat st;
	if (stat (path, &st) == 0 && S_ISREG (st.st_mode) && (guint64) st.st_size > max) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "%s is larger than %" G_GSIZE_FORMAT " bytes", path, max);
		return NULL;
	}
	if (!g_file_get_contents (path, &text, &n, &failure)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", failure->message);
		return NULL;
	}
	return g_bytes_new_take (g_steal_pointer (&text), n);
}

static int
remove_one (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void) st;
	(void) type;
	(void) ftw;
	return remove (path);
}

void
file_remove_tree (const char *path)
{
	nftw (path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

typedef char *(*Ask) (const char *prompt, const char *instead, GError **error);

static char *
get_secret (const Cli *cli, const char *option, const char *credential, const char *prompt, Ask ask, GError **error)
{
	g_autofree char *fd_option = g_strconcat (option, "-fd", NULL);
	g_autofree char *file_option = g_strconcat (option, "-file", NULL);
	const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
	if (cli_option (cli, fd_option) != NULL) {
		gint64 fd;
		if (!cli_int (cli, fd_option, -1, &fd, error))
			return NULL;
		char *secret = secret_read_fd ((int) fd, error);
		if (secret == NULL)
			g_prefix_error (error, "--%s %s: ", fd_option, cli_option (cli, fd_option));
		return secret;
	}
	if (cli_option (cli, file_option) != NULL)
		return secret_read_file (cli_option (cli, file_option), error);
	if (folder != NULL) {
		g_autofree char *path = g_build_filename (folder, credential, NULL);
		return secret_read_file (path, error);
	}
	g_autofree char *instead = g_strdup_printf ("--%s FILE or --%s N", file_option, fd_option);
	return ask (prompt, instead, error);
}

char *
cli_secret (const Cli *cli, const char *option, const char *credential, const char *prompt, GError **error)
{
	return get_secret (cli, option, credential, prompt, secret_ask, error);
}

char *
cli_new_secret (const Cli *cli, const char *option, const char *credential, const char *prompt, GError **error)
{
	return get_secret (cli, option, credential, prompt, secret_ask_new, error);
}
