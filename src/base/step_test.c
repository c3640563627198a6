/*
 * CONSTABLE_TEST_STEP=gate-kept ends the process when it reaches that step, without another word;
 * gate-kept:3 when it does so for the third time. Linked by tests only. Not by a signal: the
 * walls of a process let it send none, not even to itself.
 */
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define AS_IF_KILLED 137

/*
 * Whoever is given none of the environment finds the step in a file "step" beside its executable,
 * which may change while it runs; behind walls that let it open none it is what was there before.
 */
#ifdef STEP_FILE
static char path[4096], text[64];

static const char *read_step(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno != ENOENT)
		return text;
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return text;
}

__attribute__((constructor)) static void find_step(void)
{
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("step"));

	while (n > 0 && path[n - 1] != '/')
		n--;
	text_copy(path + (n > 0 ? n : 0), sizeof("step"), "step");
	(void)read_step();
}

#define STEP_WANTED read_step()
#endif

/* The walls of a job leave it none of the environment: its executable knows the step. */
#ifndef STEP_WANTED
#define STEP_WANTED getenv("CONSTABLE_TEST_STEP")
#endif

void step_reached(const char *step)
{
	static unsigned long n_reached;
	const char *wanted = STEP_WANTED;
	size_t len = strlen(step);

	if (!wanted || strncmp(wanted, step, len) != 0 || (wanted[len] && wanted[len] != ':'))
		return;
	if (wanted[len] && ++n_reached < strtoul(wanted + len + 1, NULL, 10))
		return;
	_exit(AS_IF_KILLED);
}
