#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/checkup/checkup.h"

/* What each wall keeps a job from, and what brings a missing one back. */
static const struct wall {
	const char *name; /* as layers of a result name it, without a version behind it */
	const char *keeps;
	const char *advice;
	int only_user; /* stands only where we are not root */
} walls[] = {
	{ "user-ns", "no real root inside", "allow user namespaces", 1 },
	{ "pid-ns", "other processes cannot be signalled", NULL, 0 },
	{ "mount-ns", "a mount tree of its own", NULL, 0 },
	{ "read-only", "nothing can be written", NULL, 0 },
	{ "masks", "secrets of /proc and /sys are covered", NULL, 0 },
	{ "net-ns", "no network", NULL, 0 },
	{ "ipc-ns", "no shared memory with the host", NULL, 0 },
	{ "uts-ns", "the host's name is safe", NULL, 0 },
	{ "uid", "a user of its own", NULL, 0 },
	{ "capabilities", "no capability beyond the profile's", NULL, 0 },
	{ "no-new-privs", "no setuid program helps", NULL, 0 },
	{ "landlock", "only the files of the profile",
	  "use a kernel with Landlock, or accept one without it in the policy", 0 },
	{ "seccomp", "only the system calls of the profile", NULL, 0 },
	{ "cgroup", "memory, CPU and processes are bounded", NULL, 0 },
	{ "rlimits", "files, size and time are bounded", NULL, 0 },
};

/* One call and the layers of its answer; the answer is empty where it failed. */
static int probe(struct gate_remote *gate, const char *tool, struct frame *answer,
		 struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:s}", "type", "call", "tool", tool);

	return gate_remote_call(gate, header, "{}", 2, answer, err);
}

static const char *find_layer(const json_t *layers, const char *name)
{
	size_t len = strlen(name);
	const json_t *layer;
	size_t i;

	json_array_foreach(layers, i, layer)
	{
		const char *text = json_string_value(layer);

		if (text && strncmp(text, name, len) == 0 && (!text[len] || text[len] == '-'))
			return text;
	}
	return NULL;
}

static void check_wall(struct checkup *checkup, const struct wall *wall, const json_t *layers)
{
	const char *layer = find_layer(layers, wall->name);
	bool is_root = geteuid() == 0;

	if (wall->only_user && is_root)
		return;
	if (layer)
		checkup_say(checkup, CHECK_OK, wall->name, NULL, "stands: %s", wall->keeps);
	else
		checkup_say(checkup, CHECK_WARN, wall->name,
			    wall->advice ? wall->advice
			    : is_root    ? "see 'This machine' above for what the kernel lacks"
					 : "run as root, or through the warden service",
			    "missing here: %s", wall->keeps);
}

static void check_walls(struct checkup *checkup, struct gate_remote *gate)
{
	CLEANUP(frame) struct frame answer = { 0 };
	struct error err = { 0 };
	const json_t *layers;

	checkup->area = "Walls around a call (profile diagnose)";
	if (probe(gate, "get_load", &answer, &err) < 0) {
		checkup_say(checkup, CHECK_FAIL, "a call", "the sentence says what is missing",
			    "%s", err.text);
		return;
	}
	layers = json_object_get(answer.header, "layers");
	checkup_say(checkup, CHECK_OK, "a call", NULL, "get_load answered in %.1f ms",
		    json_get_number(answer.header, "elapsed_ms", 0));
	for (size_t i = 0; i < ARRAY_LEN(walls); i++)
		check_wall(checkup, &walls[i], layers);
}

static void check_tool(struct checkup *checkup, struct gate_remote *gate, const char *check,
		       const char *tool)
{
	CLEANUP(frame) struct frame answer = { 0 };
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };
	const json_t *unread;

	if (probe(gate, tool, &answer, &err) < 0) {
		checkup_say(checkup, CHECK_FAIL, check, "the sentence says what is missing", "%s",
			    err.text);
		return;
	}
	result = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, &err);
	unread = json_array_get(json_object_get(result, "unread"), 0);
	if (unread)
		checkup_say(checkup, CHECK_WARN, check,
			    geteuid() == 0 ? NULL : "run as root, or through the warden service",
			    "%s: %zu things could not be read, first %s: %s", tool,
			    json_array_size(json_object_get(result, "unread")),
			    json_get_text(unread, "what", "?"), json_get_text(unread, "why", "?"));
	else
		checkup_say(checkup, CHECK_OK, check, NULL, "%s answered in %.0f ms", tool,
			    json_get_number(answer.header, "elapsed_ms", 0));
}

static void check_audit(struct checkup *checkup, struct gate_remote *gate)
{
	CLEANUP(json) json_t *header = json_pack("{s:s}", "type", "verify");
	CLEANUP(frame) struct frame answer = { 0 };
	CLEANUP(json) json_t *report = NULL;
	struct error err = { 0 };

	if (gate_remote_call(gate, header, NULL, 0, &answer, &err) == 0)
		report = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, &err);
	if (!report)
		checkup_say(checkup, CHECK_FAIL, "audit log", "see 'constable audit verify'", "%s",
			    err.text);
	else if (json_get_bool(report, "ok", false))
		checkup_say(checkup, CHECK_OK, "audit log", NULL, "%lld lines, the chain is whole",
			    (long long)json_get_int(report, "lines", 0));
	else
		checkup_say(checkup, CHECK_FAIL, "audit log",
			    "'constable audit verify' says where; keep a copy before anything else",
			    "it was tampered with");
}

/* Which warden answers: the service's, or one that this command brought along. */
static void check_warden(struct checkup *checkup, const struct gate_remote *gate)
{
	const char *socket = checkup->cli->socket;

	if (!gate->warden)
		checkup_say(checkup, CHECK_OK, "warden", NULL, "runs as a service at %s", socket);
	else
		checkup_say(checkup, CHECK_OK, "warden", NULL,
			    "no service at %s: each command brings its own", socket);
}

void wall_checks(struct checkup *checkup)
{
	CLEANUP(gate_remote) struct gate_remote gate = { .fd = -1 };
	struct error err = { 0 };

	checkup->area = "Calls";
	if (cli_open_gate(checkup->cli, &gate, &err) < 0) {
		checkup_say(checkup, CHECK_FAIL, "warden", NULL, "%s", err.text);
		return;
	}
	check_warden(checkup, &gate);
	check_audit(checkup, &gate);
	check_tool(checkup, &gate, "reading processes", "find_deleted_files");
	check_tool(checkup, &gate, "reading logs", "find_log_errors");
	check_tool(checkup, &gate, "system bus", "list_services");
	check_walls(checkup, &gate);
}
