/* signer/sandbox.c — see sandbox.h. */
#include "signer/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "pki/key.h"

#define SECURE_HEAP (1u << 20)

/* With MCL_FUTURE every later allocation counts against RLIMIT_MEMLOCK and fails beyond it, so
 * that is asked for only where no limit holds. */
static void
lock_memory (void)
{
	struct rlimit limit;
	gboolean unlimited = getrlimit (RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
	gboolean capable = geteuid () == 0 && prctl (PR_CAPBSET_READ, CAP_IPC_LOCK) == 1;
	if (mlockall (unlimited || capable ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT) != 0)
		log_event (LOG_LEVEL_WARN, "signer.mlockall", "detail", "%s", g_strerror (errno), NULL);
}

gboolean
sandbox_harden (GError **error)
{
	const struct rlimit none = { 0, 0 };
	if (prctl (PR_SET_DUMPABLE, 0) != 0 || setrlimit (RLIMIT_CORE, &none) != 0 || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "hardening the process: %s", g_strerror (errno));
	if (!pki_secure_heap (SECURE_HEAP))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "no secure heap");
	lock_memory ();
	return TRUE;
}

/* What a process needs that computes, keeps two files and answers on open sockets. */
static const int allowed[] = {
	SCMP_SYS (read), SCMP_SYS (write), SCMP_SYS (readv), SCMP_SYS (writev), SCMP_SYS (pread64), SCMP_SYS (lseek),
	SCMP_SYS (fdatasync), SCMP_SYS (fsync), SCMP_SYS (close), SCMP_SYS (shutdown),
	SCMP_SYS (recvfrom), SCMP_SYS (recvmsg), SCMP_SYS (sendto), SCMP_SYS (sendmsg), SCMP_SYS (poll), SCMP_SYS (ppoll),
	SCMP_SYS (munmap), SCMP_SYS (mremap), SCMP_SYS (brk), SCMP_SYS (madvise),
	SCMP_SYS (futex), SCMP_SYS (sched_yield), SCMP_SYS (restart_syscall),
	SCMP_SYS (clock_gettime), SCMP_SYS (clock_adjtime), SCMP_SYS (adjtimex), SCMP_SYS (gettimeofday), SCMP_SYS (clock_nanosleep), SCMP_SYS (nanosleep),
	SCMP_SYS (getrandom), SCMP_SYS (getpid), SCMP_SYS (gettid), SCMP_SYS (sysinfo),     /* qsort asks how much memory there is */
	SCMP_SYS (rt_sigreturn), SCMP_SYS (rt_sigprocmask), SCMP_SYS (exit), SCMP_SYS (exit_group),
};
static const int allowed_listening[] = { SCMP_SYS (accept4), SCMP_SYS (getsockopt) };
#ifdef DIQI_FAILPOINTS
/* The sanitizers' run-time library. */
static const int allowed_sanitizer[] = { SCMP_SYS (sigaltstack), SCMP_SYS (rt_sigaction) };
#endif
#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer writes a report while the program runs on, naming functions and lines out of the program's file. */
static const int allowed_report[] = {
	SCMP_SYS (open), SCMP_SYS (openat), SCMP_SYS (stat), SCMP_SYS (fstat), SCMP_SYS (newfstatat), SCMP_SYS (readlink), SCMP_SYS (unlink),
	SCMP_SYS (getppid), SCMP_SYS (access), SCMP_SYS (ioctl), SCMP_SYS (prctl), SCMP_SYS (rseq), SCMP_SYS (set_robust_list),   /* its own thread may begin late */
};
#endif

static int
allow (scmp_filter_ctx filter, const int *calls, gsize n)
{
	int failed = 0;
	for (gsize i = 0; i < n && failed == 0; i++)
		failed = seccomp_rule_add (filter, SCMP_ACT_ALLOW, calls[i], 0);
	return failed;
}

static int
fill (scmp_filter_ctx filter, gboolean listening)
{
	int failed = allow (filter, allowed, G_N_ELEMENTS (allowed));
	if (failed == 0 && listening)
		failed = allow (filter, allowed_listening, G_N_ELEMENTS (allowed_listening));
#ifdef DIQI_FAILPOINTS
	if (failed == 0)
		failed = allow (filter, allowed_sanitizer, G_N_ELEMENTS (allowed_sanitizer));
#endif
#ifdef __SANITIZE_THREAD__
	if (failed == 0)
		failed = allow (filter, allowed_report, G_N_ELEMENTS (allowed_report));
#endif
	/* Memory may be mapped and protected, but never made executable. */
	if (failed == 0)
		failed = seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mmap), 1, SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (failed == 0)
		failed = seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (mprotect), 1, SCMP_A2 (SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return failed != 0 ? failed : seccomp_load (filter);
}

gboolean
sandbox_close (gboolean listening, GError **error)
{
	scmp_filter_ctx filter = seccomp_init (SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "no seccomp filter");
	/* Threads that run already are inside too. */
	int failed = seccomp_attr_set (filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (failed == 0)
		failed = fill (filter, listening);
	seccomp_release (filter);
	return failed == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "seccomp filter: %s", g_strerror (-failed));
}

/* --- the process of a PKCS#11 module ------------------------------------------------ */

static const int forbidden[] = {
	SCMP_SYS (execve), SCMP_SYS (execveat), SCMP_SYS (ptrace), SCMP_SYS (process_vm_readv), SCMP_SYS (process_vm_writev), SCMP_SYS (pidfd_getfd),
	SCMP_SYS (mount), SCMP_SYS (umount2), SCMP_SYS (pivot_root), SCMP_SYS (chroot), SCMP_SYS (setns), SCMP_SYS (unshare),
	SCMP_SYS (bpf), SCMP_SYS (perf_event_open), SCMP_SYS (userfaultfd), SCMP_SYS (kexec_load), SCMP_SYS (init_module), SCMP_SYS (finit_module),
	SCMP_SYS (delete_module), SCMP_SYS (reboot), SCMP_SYS (swapon), SCMP_SYS (swapoff), SCMP_SYS (settimeofday), SCMP_SYS (clock_settime),
	SCMP_SYS (adjtimex), SCMP_SYS (acct), SCMP_SYS (quotactl), SCMP_SYS (sethostname), SCMP_SYS (setdomainname),
};

/* Refused and not killed: a module that tries may still do its work. */
gboolean
sandbox_fence_module (GError **error)
{
	scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
	int failed = filter == NULL ? -ENOMEM : 0;
	for (gsize i = 0; i < G_N_ELEMENTS (forbidden) && failed == 0; i++)
		failed = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), forbidden[i], 0);
	if (failed == 0)
		failed = seccomp_load (filter);
	seccomp_release (filter);
	return failed == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "seccomp filter of the token's keeper: %s", g_strerror (-failed));
}
