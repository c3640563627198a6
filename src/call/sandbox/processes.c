#include "call/sandbox/processes_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/reap.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/serve_internal.h"

#define LOAD_NS (20 * NS_PER_SEC)

static bool is_worth_it(struct serve *serve)
{
	struct processes *processes = &serve->processes;

	if (processes->n_jobs <= PROCESSES_WORTH_JOBS)
		processes->n_jobs++;
	return processes->n_jobs == PROCESSES_WORTH_JOBS && !processes->is_forbidden &&
	       serve->helper_executables[HELPER_LOADER] >= 0 && serve->powers.is_privileged &&
	       strcmp(serve->host_root, "/") == 0;
}

static void start_loader(struct serve *serve)
{
	struct processes *processes = &serve->processes;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	processes->loader = start_helper(serve, HELPER_LOADER, NULL, ends[1], NULL);
	processes->answer_fd = ends[0];
	processes->deadline_ns = clock_monotonic_ns() + LOAD_NS;
	close(ends[1]);
	if (processes->loader < 0) {
		processes->loader = 0;
		fd_close(&processes->answer_fd);
	}
}

int processes_open(struct serve *serve)
{
	struct processes *processes = &serve->processes;

	if (processes->link_fd >= 0)
		return kernel_iterator(processes->link_fd);
	if (is_worth_it(serve))
		start_loader(serve);
	return -1;
}

void processes_take(struct serve *serve)
{
	struct processes *processes = &serve->processes;
	int64_t code;

	if (fd_pass_receive(processes->answer_fd, 0, &code, &processes->link_fd) < 0)
		processes->link_fd = -1;
	fd_close(&processes->answer_fd);
	if (!reap_killed(processes->loader, REAP_LIMIT_NS, NULL))
		helper_leave(HELPER_LOADER, processes->loader);
	processes->loader = 0;
}
