/* signer/durable.c — see durable.h. */
#include "signer/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static gboolean
fail (const char *path, GError **error)
{
	DiqiErrorCode code = errno == EEXIST ? DIQI_ERROR_EXISTS : DIQI_ERROR_CONFIG;
	return diqi_fail (error, code, NULL, "%s: %s", path, g_strerror (errno));
}

static gboolean
write_all (int fd, const char *p, gsize n)
{
	while (n > 0) {
		gssize put = write (fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return FALSE;
		p += put;
		n -= (gsize) put;
	}
	return fsync (fd) == 0;
}

gboolean
durable_file (const char *dir, const char *name, gconstpointer p, gsize n, mode_t mode, GError **error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return fail (path, error);
	gboolean well = (fchmod (fd, mode) == 0 && write_all (fd, p, n)) || fail (path, error);
	close (fd);
	return well;
}

gboolean
durable_replace (const char *dir, const char *name, gconstpointer p, gsize n, mode_t mode, GError **error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	g_autofree char *fresh = g_strconcat (name, ".new", NULL);
	g_autofree char *fresh_path = g_build_filename (dir, fresh, NULL);
	if (unlink (fresh_path) != 0 && errno != ENOENT)     /* what a crash left */
		return fail (fresh_path, error);
	return durable_file (dir, fresh, p, n, mode, error) && (rename (fresh_path, path) == 0 || fail (path, error))
		&& durable_sync_folder (dir, error);
}

gboolean
durable_folder (const char *dir, const char *name, mode_t mode, GError **error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	return (mkdir (path, mode) == 0 && chmod (path, mode) == 0) || fail (path, error);
}

gboolean
durable_sync_folder (const char *path, GError **error)
{
	int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail (path, error);
	gboolean well = fsync (fd) == 0 || fail (path, error);
	close (fd);
	return well;
}
