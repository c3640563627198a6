/*
 * constable-guardian --fd N: holds what keeps programs in the kernel, and lets go of each at its
 * time; see kernel/program/life/guardian.h.
 *
 * Started by the steward with a listening socket, it outlives everybody else of us: it holds
 * until the time is over, or until another steward comes and says otherwise.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "call/sandbox/confine.h"
#include "kernel/program/life/guardian.h"

int main(int argc, char **argv)
{
	struct error err = { 0 };
	uint32_t walls;
	int fd;

	log_set("constable-guardian", LOG_LEVEL_WARN);
	if (argc != 3 || strcmp(argv[1], "--fd") != 0) {
		log_error("usage: constable-guardian --fd N");
		return 2;
	}
	fd = (int)strtol(argv[2], NULL, 10);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sandbox_confine_guardian(&walls, &err) < 0 || guardian_serve(fd, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
