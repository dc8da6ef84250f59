/* The filter's negative test: each call that the signer must not be able to make kills a process that has it. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer/sandbox.h"

static const struct {
	const char *name;
	long number;
	long arguments[6];
} forbidden[] = {
	{ "open", SYS_open, { (long) "/etc/passwd", O_RDONLY } },
	{ "openat", SYS_openat, { AT_FDCWD, (long) "/etc/passwd", O_RDONLY } },
	{ "openat2", SYS_openat2, { AT_FDCWD, (long) "/etc/passwd" } },
	{ "creat", SYS_creat, { (long) "/tmp/x", 0600 } },
	{ "socket", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "connect", SYS_connect, { 0, 0, 0 } },
	{ "bind", SYS_bind, { 0, 0, 0 } },
	{ "listen", SYS_listen, { 0, 1 } },
	{ "accept4", SYS_accept4, { 0, 0, 0, 0 } },
	{ "execve", SYS_execve, { (long) "/bin/sh", 0, 0 } },
	{ "execveat", SYS_execveat, { AT_FDCWD, (long) "/bin/sh", 0, 0, 0 } },
	{ "fork", SYS_fork, { 0 } },
	{ "vfork", SYS_vfork, { 0 } },
	{ "clone", SYS_clone, { SIGCHLD, 0, 0, 0, 0 } },
	{ "clone3", SYS_clone3, { 0, 0 } },
	{ "ptrace", SYS_ptrace, { PTRACE_TRACEME, 0, 0, 0 } },
	{ "process_vm_readv", SYS_process_vm_readv, { 1, 0, 0, 0, 0, 0 } },
	{ "kill", SYS_kill, { 1, 0 } },
	{ "tgkill", SYS_tgkill, { 1, 1, 0 } },
	{ "unlink", SYS_unlink, { (long) "/tmp/x" } },
	{ "rename", SYS_rename, { (long) "/tmp/x", (long) "/tmp/y" } },
	{ "mkdir", SYS_mkdir, { (long) "/tmp/x", 0700 } },
	{ "chmod", SYS_chmod, { (long) "/tmp/x", 0777 } },
	{ "ftruncate", SYS_ftruncate, { 1, 0 } },
	{ "pwrite64", SYS_pwrite64, { 1, 0, 0, 0 } },
	{ "setuid", SYS_setuid, { 0 } },
	{ "prctl", SYS_prctl, { 4 /* PR_SET_DUMPABLE */, 1 } },
	{ "setrlimit", SYS_setrlimit, { RLIMIT_CORE, 0 } },
	{ "prlimit64", SYS_prlimit64, { 0, RLIMIT_CORE, 0, 0 } },
	{ "mount", SYS_mount, { 0, 0, 0, 0, 0 } },
	{ "bpf", SYS_bpf, { 0, 0, 0 } },
	{ "io_uring_setup", SYS_io_uring_setup, { 1, 0 } },
	{ "memfd_create", SYS_memfd_create, { (long) "x", 0 } },
	{ "userfaultfd", SYS_userfaultfd, { 0 } },
	{ "perf_event_open", SYS_perf_event_open, { 0, 0, 0, 0, 0 } },
	{ "keyctl", SYS_keyctl, { 0, 0, 0, 0, 0 } },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER } },
	{ "clock_settime", SYS_clock_settime, { 0, 0 } },
	{ "mmap executable", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } },
	{ "mprotect executable", SYS_mprotect, { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC } },
};

/* How a child ends that closes the filter and makes this call; number -1: none. */
static int
end_of_child (long number, const long *a)
{
	pid_t child = fork ();
	g_assert_cmpint (child, >=, 0);
	if (child == 0) {
		if (!sandbox_harden (NULL) || !sandbox_close (FALSE, NULL))
			_exit (3);
		if (number >= 0)
			syscall (number, a[0], a[1], a[2], a[3], a[4], a[5]);
		_exit (0);
	}
	int status;
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	return status;
}

static void
test_forbidden (gconstpointer data)
{
	gsize i = GPOINTER_TO_SIZE (data);
	int status = end_of_child (forbidden[i].number, forbidden[i].arguments);
	g_assert_true (WIFSIGNALED (status));
	g_assert_cmpint (WTERMSIG (status), ==, SIGSYS);
}

/* The control: without a forbidden call it ends by itself, so above it was the call that killed. */
static void
test_allowed (void)
{
	int status = end_of_child (-1, NULL);
	g_assert_true (WIFEXITED (status));
	g_assert_cmpint (WEXITSTATUS (status), ==, 0);
	static const long none[6];
	static const long calls[] = { SYS_getpid, SYS_sched_yield, SYS_gettid };
	for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
		g_assert_cmpint (end_of_child (calls[i], none), ==, 0);
}

static gboolean closed;              /* atomic */

static void *
open_when_closed (void *unused)
{
	while (!__atomic_load_n (&closed, __ATOMIC_ACQUIRE))
		sched_yield ();
	syscall (SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
	_exit (0);
	return unused;
}

/* The maker of RSA pairs runs before the filter closes. */
static void
test_thread_started_before (void)
{
	pid_t child = fork ();
	g_assert_cmpint (child, >=, 0);
	if (child == 0) {
		pthread_t thread;
		if (pthread_create (&thread, NULL, open_when_closed, NULL) != 0 || !sandbox_harden (NULL) || !sandbox_close (FALSE, NULL))
			_exit (3);
		__atomic_store_n (&closed, TRUE, __ATOMIC_RELEASE);
		for (;;)
			sched_yield ();
	}
	int status;
	g_assert_cmpint (waitpid (child, &status, 0), ==, child);
	g_assert_true (WIFSIGNALED (status));
	g_assert_cmpint (WTERMSIG (status), ==, SIGSYS);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/signer/sandbox/allowed", test_allowed);
	g_test_add_func ("/signer/sandbox/thread-started-before", test_thread_started_before);
	for (gsize i = 0; i < G_N_ELEMENTS (forbidden); i++) {
		g_autofree char *path = g_strdup_printf ("/signer/sandbox/%s", forbidden[i].name);
		g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_forbidden);
	}
	return g_test_run ();
}
