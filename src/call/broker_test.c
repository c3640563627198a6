#include "call/broker.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "call/frame.h"
#include "host/kernel_names.h"

/* A broker of this machine in a child; returns our end of its socket. */
static int start_broker(pid_t *pid_out)
{
	struct host host;
	struct error err = { 0 };
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*pid_out = fork();
	if (*pid_out == 0) {
		fd_close(&ends[0]);
		_exit(host_init(&host, "/", &err) < 0 || broker_serve(ends[1], &host, &err) < 0);
	}
	fd_close(&ends[1]);
	return ends[0];
}

static void check_ended_well(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_question_is_answered_and_the_broker_ends_with_its_job)
{
	struct host host = HOST_CLOSED;
	struct task task = { .host = &host };
	struct error err = { 0 };
	json_t *answer;
	pid_t pid;

	task.broker = broker_new(start_broker(&pid));
	answer = broker_ask(&task, BROKER_FILESYSTEMS, NULL, &err);
	CHECK(json_is_object(json_object_get(answer, "filesystems")));
	json_decref(answer);
	broker_free(task.broker);
	check_ended_well(pid);
}

TEST(the_clock_is_read_by_the_broker)
{
	struct host host = HOST_CLOSED;
	struct task task = { .host = &host };
	struct error err = { 0 };
	json_t *answer;
	pid_t pid;

	task.broker = broker_new(start_broker(&pid));
	answer = broker_ask(&task, BROKER_CLOCK, NULL, &err);
	CHECK(json_is_integer(json_object_get(answer, "status")));
	CHECK(json_is_real(json_object_get(answer, "max_error_s")));
	json_decref(answer);
	broker_free(task.broker);
	check_ended_well(pid);
}

TEST(as_many_addresses_as_are_looked_at_can_be_asked_for)
{
	struct host host = HOST_CLOSED;
	struct task task = { .host = &host };
	struct error err = { 0 };
	json_t *addresses = json_object(), *args, *answer;
	pid_t pid;

	for (unsigned i = 0; i < KERNEL_NAMES_MAX; i++) {
		char key[32];

		text_format(key, sizeof(key), "0xffffffff8100%04x", 16 * i & 0xffff);
		json_put(addresses, key, json_null());
	}
	args = json_pack("{s:o}", "addresses", addresses);
	task.broker = broker_new(start_broker(&pid));
	answer = broker_ask(&task, BROKER_KERNEL_NAMES, args, &err);
	/* Which they are only root is told. */
	CHECK(answer || err.code == -EPERM || err.code == -ENOENT || err.code == -EACCES);
	json_decref(answer);
	json_decref(args);
	broker_free(task.broker);
	check_ended_well(pid);
}

TEST(a_question_outside_the_list_is_refused_and_the_next_still_answered)
{
	CLEANUP(json) json_t *header = json_pack("{s:i}", "question", 4711);
	CLEANUP(frame) struct frame answer = { 0 };
	struct error err = { 0 };
	pid_t pid;
	int fd = start_broker(&pid);

	for (int i = 0; i < 2; i++) {
		frame_finish(&answer);
		CHECK_INT(frame_write(fd, header, "{}", 2, &err), 0);
		CHECK_INT(frame_read(fd, &answer, &err), 0);
		CHECK_INT(json_get_int(answer.header, "code", 0), -EINVAL);
	}
	fd_close(&fd);
	check_ended_well(pid);
}
