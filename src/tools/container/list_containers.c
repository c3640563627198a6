/* list_containers: which containers run here, what limits them, which keep dying. */
#include <errno.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/pattern.h"
#include "host/program.h"
#include "tools/catalogue.h"
#include "tools/container/container_id.h"

#define MAX_CONTAINERS 300
#define MAX_PIDS 50
#define STATE_MAX_BYTES (1 * MIB)

static json_t *find_container(json_t *containers, const char *id)
{
	json_t *container;
	size_t i;

	json_array_foreach(containers, i, container) if (strcmp(json_get_text(container, "id", ""),
								id) == 0) return container;
	return NULL;
}

static json_t *add_container(json_t *result, const char *runtime, const char *id)
{
	json_t *containers = json_object_get(result, "containers");
	json_t *container = find_container(containers, id);

	if (container || json_array_size(containers) == MAX_CONTAINERS) {
		if (!container)
			json_put(result, "truncated", json_true());
		return container;
	}
	container = json_pack("{s:o, s:s, s:[], s:i}", "id", json_text(id, strlen(id)), "runtime",
			      runtime, "processes", "n_processes", 0);
	json_push(containers, container);
	return container;
}

static void put_limits(const struct host *host, const struct cgroups *cgroups, const char *text,
		       json_t *container)
{
	static const struct {
		enum cgroup_controller controller;
		const char *files[2]; /* of version 1 and 2 */
		const char *member;
	} limits[] = {
		{ CGROUP_MEMORY, { "memory.limit_in_bytes", "memory.max" }, "memory_limit_bytes" },
		{ CGROUP_MEMORY, { "memory.usage_in_bytes", "memory.current" }, "memory_bytes" },
		{ CGROUP_PIDS, { "pids.max", "pids.max" }, "pids_limit" },
		{ CGROUP_PIDS, { "pids.current", "pids.current" }, "pids" },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const struct cgroup_tree *tree = &cgroups->trees[limits[i].controller];
		char path[CGROUP_PATH_BYTES], file[2 * CGROUP_PATH_BYTES];
		uint64_t value;

		if (!tree->version || !cgroup_path_parse(cgroups, limits[i].controller, text, path))
			continue;
		text_format(file, sizeof(file), "%s%s/%s", tree->mount, path,
			    limits[i].files[tree->version - 1]);
		/* "max", and version 1's nearly 2^63, mean none. */
		if (host_read_u64(host, file, &value))
			json_put(container, limits[i].member,
				 value >= UINT64_C(1) << 60 ? json_null()
							    : json_integer((json_int_t)value));
	}
}

static bool id_of(const char *text, struct container_id *id)
{
	struct str line;

	while (scan_line(&text, &line))
		if (container_id_parse(line, id))
			return true;
	return false;
}

static void add_process(const struct host *host, const struct cgroups *cgroups,
			const struct program *program, json_t *result)
{
	char path[64], text[8 * KIB];
	struct container_id id;
	json_t *container, *processes;

	text_format(path, sizeof(path), "proc/%d/cgroup", program->pid);
	if (host_read(host, path, text, sizeof(text)) < 0 || !id_of(text, &id))
		return;
	container = add_container(result, id.runtime, id.id);
	if (!container)
		return;
	if (id.pod[0])
		json_put(container, "pod_uid", json_string(id.pod));
	json_put(container, "running", json_true());
	processes = json_object_get(container, "processes");
	if (!json_array_size(processes))
		put_limits(host, cgroups, text, container);
	json_put(container, "n_processes",
		 json_integer(json_get_int(container, "n_processes", 0) + 1));
	if (json_array_size(processes) < MAX_PIDS)
		json_push(processes, json_pack("{s:i, s:o}", "pid", (int)program->pid, "comm",
					       json_text(program->comm, strlen(program->comm))));
}

static json_t *read_json(const struct host *host, const char *path, json_t *result)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	json_t *json;
	int r;

	buf_init(&text, STATE_MAX_BYTES);
	r = host_read_buf(host, path + 1, &text);
	if (r < 0) {
		tool_unread(result, path, r);
		return NULL;
	}
	json = json_parse(buf_text(&text), text.len, STATE_MAX_BYTES, &err);
	if (!json)
		tool_unread(result, path, err.code);
	return json;
}

static bool is_of_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : value && json_typeof(value) == type;
}

/* Only what is of that type (JSON_TRUE: a boolean): a result is what its schema says. */
static void copy(json_t *to, const char *member, json_type type, const json_t *from,
		 const char *key)
{
	json_t *value = json_object_get(from, key);

	if (is_of_type(value, type))
		json_put(to, member, json_incref(value));
}

/* Docker begins every name with '/'. */
static void put_name(json_t *container, const char *name)
{
	name += name[0] == '/';
	json_put(container, "name", json_text(name, strlen(name)));
}

/* What Docker remembers of a container, running or not. */
static void add_docker(const struct host *host, const char *path, json_t *result)
{
	CLEANUP(json) json_t *config = read_json(host, path, result);
	const json_t *state = json_object_get(config, "State");
	const char *id = json_get_text(config, "ID", NULL);
	json_t *container = id ? add_container(result, "docker", id) : NULL;

	if (!container)
		return;
	put_name(container, json_get_text(config, "Name", ""));
	copy(container, "restarts", JSON_INTEGER, config, "RestartCount");
	copy(container, "image", JSON_STRING, json_object_get(config, "Config"), "Image");
	copy(container, "running", JSON_TRUE, state, "Running");
	copy(container, "restarting", JSON_TRUE, state, "Restarting");
	copy(container, "oom_killed", JSON_TRUE, state, "OOMKilled");
	copy(container, "exit_code", JSON_INTEGER, state, "ExitCode");
	copy(container, "error", JSON_STRING, state, "Error");
	copy(container, "started_at", JSON_STRING, state, "StartedAt");
	copy(container, "finished_at", JSON_STRING, state, "FinishedAt");
	copy(container, "health", JSON_STRING, json_object_get(state, "Health"), "Status");
}

/* The OCI bundle that containerd keeps while a task runs, with Kubernetes' names for it. */
static void add_bundle(const struct host *host, const char *path, json_t *result)
{
	CLEANUP(json) json_t *config = read_json(host, path, result);
	const json_t *notes = json_object_get(config, "annotations");
	char id[80];
	const char *end = strrchr(path, '/'), *start = end;
	json_t *container;

	while (start > path && start[-1] != '/')
		start--;
	str_copy((struct str) { start, (size_t)(end - start) }, id, sizeof(id));
	container = config ? add_container(result, "containerd", id) : NULL;
	if (!container)
		return;
	copy(container, "name", JSON_STRING, notes, "io.kubernetes.cri.container-name");
	copy(container, "pod", JSON_STRING, notes, "io.kubernetes.cri.sandbox-name");
	copy(container, "namespace", JSON_STRING, notes, "io.kubernetes.cri.sandbox-namespace");
	copy(container, "image", JSON_STRING, notes, "io.kubernetes.cri.image-name");
}

/* "/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log": N counts the restarts. */
static void add_pod_log(const char *path, json_t *result)
{
	json_t *pods = json_object_get(result, "pods"), *pod;
	const char *at = path + strlen("/var/log/pods/"), *slash = strchr(at, '/');
	const char *last = strrchr(path, '/');
	uint64_t n;
	size_t i;
	char key[512];

	if (!slash || last <= slash || json_array_size(pods) == MAX_CONTAINERS)
		return;
	str_copy((struct str) { at, (size_t)(last - at) }, key, sizeof(key));
	last++;
	if (!scan_u64(&last, &n) || strcmp(last, ".log") != 0)
		return;
	json_array_foreach(pods, i, pod) if (strcmp(json_get_text(pod, "container", ""), key) == 0)
	{
		if ((int64_t)n > json_get_int(pod, "restarts", 0))
			json_put(pod, "restarts", json_integer((json_int_t)n));
		return;
	}
	json_push(pods, json_pack("{s:o, s:I}", "container", json_text(key, strlen(key)),
				  "restarts", (json_int_t)n));
}

static void read_states(const struct host *host, json_t *result)
{
	CLEANUP(json)
	json_t *docker =
		host_match(host, "/var/lib/docker/containers/*/config.v2.json", MAX_CONTAINERS);
	CLEANUP(json)
	json_t *bundles =
		host_match(host, "/run/containerd/io.containerd.runtime.v2.task/*/*/config.json",
			   MAX_CONTAINERS);
	CLEANUP(json)
	json_t *logs = host_match(host, "/var/log/pods/*/*/*.log", 4 * MAX_CONTAINERS);
	CLEANUP(json) json_t *locked = host_list(host, "var/lib/docker/containers", 1);
	const json_t *path;
	size_t i;

	if (!locked && errno == EACCES)
		tool_unread(result, "/var/lib/docker/containers", -EACCES);
	json_array_foreach(docker, i, path) add_docker(host, json_string_value(path), result);
	json_array_foreach(bundles, i, path) add_bundle(host, json_string_value(path), result);
	json_array_foreach(logs, i, path) add_pod_log(json_string_value(path), result);
}

static void list_engines(const struct programs *programs, json_t *result)
{
	static const char *const names[] = { "dockerd", "containerd", "crio", "kubelet",
					     "lxcfs",   "podman",     "k3s",  "conmon" };
	json_t *engines = json_array();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct program *program = programs_next(programs, names[i], NULL);

		if (program)
			json_push(engines, program_json(program));
	}
	json_put(result, "engines", engines);
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	struct cgroups cgroups;
	int r = programs_load(task->host, &programs);

	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	json_put(result, "containers", json_array());
	json_put(result, "pods", json_array());
	cgroups_find(task->host, &cgroups);
	for (size_t i = 0; i < programs.n; i++)
		add_process(task->host, &cgroups, &programs.list[i], result);
	read_states(task->host, result);
	list_engines(&programs, result);
	return 0;
}

const struct tool tool_list_containers = {
	.info = {
		.name = "list_containers",
		.summary = "Containers on this host by runtime: processes, limits, restarts, exit codes and "
			   "out-of-memory kills, as cgroups and state files tell.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "containers: [{id: string, runtime: string, running?: boolean, "
			"processes: [{pid: integer, comm: string}], n_processes: integer, name?: string, image?: string, pod?: string, "
			"pod_uid?: string, namespace?: string, memory_bytes?: integer|null, "
			"memory_limit_bytes?: integer|null, pids?: integer|null, "
			"pids_limit?: integer|null, restarts?: integer, restarting?: boolean, "
			"oom_killed?: boolean, exit_code?: integer, error?: string, "
			"started_at?: string, finished_at?: string, health?: string}], "
			"pods: [{container: string, restarts: integer}], engines: [" PROGRAM_RESULT
			"]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
