/*
 * constable-prober --fd N: tries the probes of one question on socket N, all at once, answers and
 * ends; see kernel/program/life/probing_internal.h.
 *
 * Started by the launcher for the steward, as nobody, with the network and nothing else. Its
 * standard input and output are raw sockets for ICMP, where the launcher could make them. Each
 * probe is tried by a process of its own, so that none waits for another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "call/frame.h"
#include "kernel/program/health.h"
#include "warden/prober.h"

/* What a process says of its probe, in one write. */
struct answer {
	uint64_t ns;
	char error[PROBER_ERROR_BYTES];
};

/* Should anything wait for longer, a name for one, it ends with its parent, who does not. */
static _Noreturn void try_one(const struct health_probe *wanted, const struct echoes *echoes,
			      size_t number, int fd, pid_t parent)
{
	uint64_t start_ns = clock_monotonic_ns();
	struct attempt attempt = {
		.probe = &wanted->probe,
		.until_ns = start_ns + wanted->timeout_ms * NS_PER_MS,
		.echoes = echoes,
		.number = number,
	};
	struct answer answer = { 0 };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	if (prober_try(&attempt) < 0)
		text_copy(answer.error, sizeof(answer.error),
			  attempt.error[0] ? attempt.error : "it could not be tried");
	answer.ns = clock_monotonic_ns() - start_ns;
	_exit(write(fd, &answer, sizeof(answer)) != sizeof(answer));
}

static int start(const struct health_probe *wanted, const struct echoes *echoes, size_t number)
{
	pid_t parent = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		try_one(wanted, echoes, number, ends[1], parent);
	close(ends[1]);
	if (pid < 0)
		fd_close(&ends[0]);
	return ends[0];
}

/* What was to answer may be why that process died: where it died, there is no answer. */
static json_t *finish(int fd, const struct health_probe *wanted, uint64_t until_ns)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();
	struct answer answer = { .ns = wanted->timeout_ms * NS_PER_MS };
	int wait_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0;
	json_t *json;

	if (poll(&end, 1, wait_ms) <= 0)
		text_copy(answer.error, sizeof(answer.error), PROBER_TOO_LONG);
	else if (read(fd, &answer, sizeof(answer)) != sizeof(answer))
		text_copy(answer.error, sizeof(answer.error), PROBER_DIED);
	answer.error[sizeof(answer.error) - 1] = '\0';
	json = json_pack("{s:o}", "ms", json_figure((double)answer.ns / (double)NS_PER_MS));
	if (answer.error[0])
		json_put(json, "error", json_text(answer.error, strlen(answer.error)));
	return json;
}

static json_t *try_all(const struct health *health, struct error *err)
{
	CLEANUP(json) json_t *answers = json_array();
	uint64_t start_ns = clock_monotonic_ns();
	struct echoes echoes = { .raw4 = STDIN_FILENO, .raw6 = STDOUT_FILENO };
	int fds[HEALTH_MAX_PROBES];

	if (prober_expect(&echoes, health->n_probes) < 0) {
		error_set(err, -EAGAIN, "there is no room to try that many probes");
		return NULL;
	}
	for (size_t i = 0; i < health->n_probes; i++)
		fds[i] = start(&health->probes[i], &echoes, i);
	for (size_t i = 0; i < health->n_probes; i++) {
		const struct health_probe *probe = &health->probes[i];
		uint64_t until_ns = start_ns + probe->timeout_ms * NS_PER_MS + NS_PER_SEC / 2;

		/* Nobody could try it, which says nothing of what was to answer. */
		if (fds[i] < 0)
			error_set(err, -EAGAIN, "'%s' could not be tried", probe->probe.text);
		else
			json_push(answers, finish(fds[i], probe, until_ns));
		fd_cleanup(&fds[i]);
	}
	prober_expect_no_more(&echoes);
	return err->code ? NULL : TAKE(answers);
}

static int serve(int fd, struct error *err)
{
	CLEANUP(frame) struct frame question = { 0 };
	CLEANUP(json) json_t *header = json_object();
	struct health health;
	json_t *answers;

	if (frame_read(fd, &question, err) < 0 ||
	    health_parse(question.header, NULL, &health, err) < 0)
		return err->code;
	answers = try_all(&health, err);
	if (!answers)
		return err->code;
	json_put(header, "answers", answers);
	return frame_write(fd, header, NULL, 0, err);
}

int main(int argc, char **argv)
{
	struct error err = { 0 };

	log_set("constable-prober", LOG_LEVEL_WARN);
	json_seed();
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc != 3 || strcmp(argv[1], "--fd") != 0) {
		log_error("usage: constable-prober --fd N");
		return 2;
	}
	/* Nobody asked: that is its end. */
	if (serve((int)strtol(argv[2], NULL, 10), &err) < 0 && err.code != -EPIPE) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
