#include "call/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "call/approval.h"
#include "call/redact.h"

static const struct tool_info tools[] = {
	{ .name = "alter", .schema = "{\"type\":\"object\"}", .risk = TOOL_CHANGES },
	{ .name = "look",
	  .schema = "{\"type\":\"object\",\"additionalProperties\":false}",
	  .risk = TOOL_READS },
	{ .name = "tour",
	  .schema = "{\"type\":\"object\"}",
	  .risk = TOOL_READS,
	  .plan = "[{\"tool\":\"look\"},{\"tool\":\"alter\"}]" },
	{ .name = NULL },
};

static const struct caller ana = { .uid = 4711, .who = "ana" };
static const struct caller root = { .uid = 0, .who = "root" };

/* One gate whose launcher is a child that says "{}" for every job, and what happened. */
struct scene {
	char state[64];
	struct event_base *base;
	struct launcher launcher;
	struct runner runner;
	struct gate gate;
	struct call call;
	int *n_ran; /* shared with the child */
	int answers, code;
	bool must_ask;
	enum answer_kind kind;
	char nonce[APPROVAL_NONCE_BYTES];
};

/* The end of the launcher's socket that launcher_send() and launcher_receive() do not hold. */
static void play_launcher(int fd, int *n_ran)
{
	struct launch_record record;
	char space[CMSG_SPACE(3 * sizeof(int))];

	for (;;) {
		struct iovec bytes = { &record, sizeof(record) };
		struct msghdr message = { .msg_iov = &bytes,
					  .msg_iovlen = 1,
					  .msg_control = space,
					  .msg_controllen = sizeof(space) };
		struct launch_outcome outcome = { .end = LAUNCH_EXITED };
		int fds[3];

		if (recvmsg(fd, &message, 0) <= 0)
			_exit(0);
		if (record.kind != LAUNCH_RUN)
			continue;
		memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fds));
		(*n_ran)++;
		outcome.id = record.id;
		if (write(fds[1], "{}", 2) != 2 || write(fd, &outcome, sizeof(outcome)) < 0)
			_exit(1);
		for (int i = 0; i < 3; i++)
			(void)close(fds[i]);
	}
}

static void start_launcher(struct scene *scene)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	CHECK_INT(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	scene->n_ran =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(scene->n_ran != MAP_FAILED);
	scene->launcher = (struct launcher) { .fd = ends[0], .pidfd = -1, .pid = fork() };
	if (scene->launcher.pid == 0) {
		fd_close(&ends[0]);
		play_launcher(ends[1], scene->n_ran);
	}
	fd_close(&ends[1]);
}

static void open_scene(struct scene *scene)
{
	struct error err = { 0 };

	*scene = (struct scene) { .state = "/tmp/constable-gate-XXXXXX" };
	CHECK(mkdtemp(scene->state));
	CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* as the warden does */
	start_launcher(scene);
	scene->base = event_base_new();
	CHECK_OK(runner_init(&scene->runner, scene->base, &scene->launcher, &err), err);
	scene->gate = (struct gate) {
		.catalogue = tools,
		.policy = policy_load(NULL, &err),
		.audit = audit_open(scene->state, &err),
		.runner = &scene->runner,
		.redactor = redactor_new(),
		.approvals = approvals_new(),
	};
	CHECK_OK(err.code, err);
}

static void close_scene(struct scene *scene)
{
	char command[128];

	runner_finish(&scene->runner);
	audit_close(scene->gate.audit);
	policy_free(scene->gate.policy);
	redactor_free(scene->gate.redactor);
	approvals_free(scene->gate.approvals);
	event_base_free(scene->base);
	fd_close(&scene->launcher.fd);
	CHECK_INT(waitpid(scene->launcher.pid, NULL, 0), scene->launcher.pid);
	CHECK_INT(munmap(scene->n_ran, sizeof(int)), 0);
	(void)snprintf(command, sizeof(command), "%s/audit.jsonl", scene->state);
	CHECK_INT(unlink(command), 0);
	(void)snprintf(command, sizeof(command), "%s/audit.key", scene->state);
	CHECK_INT(unlink(command), 0);
	CHECK_INT(rmdir(scene->state), 0);
}

static void handle_answer(struct call *call, const struct answer *answer)
{
	struct scene *scene = container_of(call, struct scene, call);

	scene->answers++;
	scene->code = answer->err.code;
	scene->kind = answer->kind;
	if (answer->approval)
		(void)snprintf(scene->nonce, sizeof(scene->nonce), "%s",
			       json_get_text(answer->approval, "nonce", ""));
	memset(call, 0xa5, sizeof(*call)); /* as one that is freed: nobody looks at it any more */
	(void)event_base_loopbreak(scene->base);
}

/* Submits it and waits for its answer; how often a tool ran meanwhile. */
static int play(struct scene *scene, const char *tool, const char *args, const char *nonce)
{
	int before = *scene->n_ran;

	scene->answers = 0;
	scene->call = (struct call) {
		.caller = ana,
		.tool = tool,
		.args = args,
		.n_args = strlen(args),
		.nonce = nonce,
		.must_ask = scene->must_ask,
		.answer = handle_answer,
	};
	gate_submit(&scene->gate, &scene->call);
	if (!scene->answers)
		(void)event_base_dispatch(scene->base);
	CHECK_INT(scene->answers, 1);
	return *scene->n_ran - before;
}

/* Every call so far has one intent and one outcome in the log. */
static void check_recorded(struct scene *scene, int n_calls)
{
	CLEANUP(json) json_t *report = json_object();
	struct error err = { 0 };

	CHECK_OK(audit_verify(scene->state, report, &err), err);
	CHECK(json_get_bool(report, "ok", false));
	CHECK_INT(json_get_int(report, "open_calls", -1), 0);
	CHECK(json_get_int(report, "lines", 0) >= 2 * n_calls);
}

TEST(allowed_tool_runs)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(play(&scene, "look", "{}", NULL), 1);
	CHECK_INT(scene.code, 0);
	check_recorded(&scene, 1);
	close_scene(&scene);
}

TEST(a_plan_runs_nothing_itself_and_is_recorded)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(play(&scene, "tour", "{}", NULL), 0);
	CHECK_INT(scene.code, 0);
	CHECK_INT(scene.kind, ANSWER_PLAN);
	check_recorded(&scene, 1);
	close_scene(&scene);
}

TEST(unknown_tool_is_refused)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(play(&scene, "fly", "{}", NULL), 0);
	CHECK_INT(scene.code, -ENOENT);
	close_scene(&scene);
}

TEST(arguments_outside_the_schema_are_refused)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(play(&scene, "look", "{\"wings\":2}", NULL), 0);
	CHECK_INT(scene.code, -EINVAL);
	CHECK_INT(play(&scene, "look", "[]", NULL), 0);
	CHECK_INT(scene.code, -EINVAL);
	close_scene(&scene);
}

TEST(a_change_runs_once_after_exactly_its_approval_and_is_recorded_either_way)
{
	struct scene scene;
	struct error err = { 0 };
	char nonce[APPROVAL_NONCE_BYTES];

	open_scene(&scene);
	CHECK_INT(play(&scene, "alter", "{}", NULL), 0);
	CHECK_INT(scene.code, -EACCES);
	memcpy(nonce, scene.nonce, sizeof(nonce));
	CHECK_INT(play(&scene, "alter", "{}", nonce), 0);
	CHECK_OK(approvals_grant(scene.gate.approvals, &root, nonce, &err), err);
	CHECK_INT(play(&scene, "alter", "{\"more\":1}", nonce), 0);
	CHECK_INT(play(&scene, "alter", "{}", nonce), 1);
	CHECK_INT(play(&scene, "alter", "{}", nonce), 0);
	check_recorded(&scene, 5);
	close_scene(&scene);
}

TEST(what_is_allowed_is_asked_about_where_its_caller_wants_that)
{
	struct scene scene;
	struct error err = { 0 };
	char nonce[APPROVAL_NONCE_BYTES];

	open_scene(&scene);
	scene.must_ask = true;
	CHECK_INT(play(&scene, "look", "{}", NULL), 0);
	CHECK_INT(scene.code, -EACCES);
	memcpy(nonce, scene.nonce, sizeof(nonce));
	CHECK_OK(approvals_grant(scene.gate.approvals, &root, nonce, &err), err);
	CHECK_INT(play(&scene, "look", "{}", nonce), 1);
	CHECK_INT(play(&scene, "look", "{}", nonce), 0);
	check_recorded(&scene, 3);
	close_scene(&scene);
}

TEST(call_that_cannot_be_recorded_never_runs)
{
	struct rlimit old, none = { 0 };
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
	none.rlim_max = old.rlim_max;
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
	CHECK_INT(play(&scene, "look", "{}", NULL), 0);
	CHECK(scene.code < 0);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
	close_scene(&scene);
}

TEST(a_launcher_that_dies_fails_the_call_and_leaves_it_recorded)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(kill(scene.launcher.pid, SIGKILL), 0);
	(void)play(&scene, "look", "{}", NULL);
	CHECK(scene.code < 0);
	check_recorded(&scene, 1);
	close_scene(&scene);
}
