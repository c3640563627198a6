#include "cli/ask/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"

static void fill(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGHUP);
}

int interrupt_open(struct interrupt *interrupt)
{
	sigset_t set;

	fill(&set);
	*interrupt = (struct interrupt) { .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
	if (interrupt->fd < 0)
		return -errno;
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return 0;
}

void interrupt_close(struct interrupt *interrupt)
{
	sigset_t set;

	if (interrupt->fd < 0)
		return;
	(void)interrupt_came(interrupt); /* one that still waits would end us now */
	fd_close(&interrupt->fd);
	fill(&set);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void interrupt_cleanup(struct interrupt *interrupt)
{
	interrupt_close(interrupt);
}

bool interrupt_came(struct interrupt *interrupt)
{
	struct signalfd_siginfo info;

	while (read(interrupt->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		interrupt->signal = (int)info.ssi_signo;
	return interrupt->signal != 0;
}

void interrupt_forget(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
