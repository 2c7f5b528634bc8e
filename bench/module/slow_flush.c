/*
 * slow_flush.c: adds a delay to each flush of the WAL, the way a slower disk or a synchronous standby
 * would. Preloaded into a server (LD_PRELOAD); SLOW_FLUSH_US is the delay in microseconds.
 *
 * PostgreSQL flushes WAL with fdatasync (wal_sync_method = fdatasync) and data files with fsync; a
 * WAL file that was just made is flushed with fsync too. So only fdatasync is wrapped, and to be sure
 * only files in pg_wal are delayed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static int (*next_fdatasync)(int);
static long delay_us;

__attribute__((constructor)) static void
slow_flush_init(void)
{
	const char *setting = getenv("SLOW_FLUSH_US");

	next_fdatasync = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
	delay_us = setting ? atol(setting) : 0;
	/* the kernel may add 50 us to a sleep, unless told otherwise; a backend inherits it */
	prctl(PR_SET_TIMERSLACK, 1UL);
}

static int
is_wal(int fd)
{
	char		link[64];
	char		path[1024];
	ssize_t		length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = '\0';
	return strstr(path, "/pg_wal/") != NULL;
}

int
fdatasync(int fd)
{
	int			result = next_fdatasync(fd);
	int			error = errno;

	if (delay_us > 0 && is_wal(fd))
	{
		struct timespec pause = {delay_us / 1000000, delay_us % 1000000 * 1000};

		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, &pause) == EINTR)
			;
	}
	errno = error;
	return result;
}
