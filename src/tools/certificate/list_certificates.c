/* list_certificates: which certificates this machine uses, and when each ends. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tools/catalogue.h"
#include "tools/certificate/certificate.h"
#include "tools/certificate/certificate_paths.h"

/* The programs that read a configuration below a folder. */
static const struct {
	const char *folder, *program;
} readers[] = {
	{ "/etc/nginx/", "nginx" },
	{ "/etc/apache2/", "apache2" },
	{ "/etc/httpd/", "httpd" },
	{ "/etc/haproxy/", "haproxy" },
	{ "/etc/postfix/", "master" },
	{ "/etc/dovecot/", "dovecot" },
	{ "/etc/postgresql/", "postgres" },
	{ "/var/lib/pgsql/", "postgres" },
	{ "/etc/mysql/", "mariadbd" },
	{ "/etc/mysql/", "mysqld" },
	{ "/etc/redis", "redis-server" },
	{ "/etc/exim4/", "exim4" },
	{ "/etc/ldap/", "slapd" },
	{ "/etc/mosquitto/", "mosquitto" },
	{ "/etc/stunnel/", "stunnel4" },
	{ "/etc/prometheus/", "prometheus" },
	{ "/etc/grafana/", "grafana-server" },
};

static void add_user(json_t *users, const struct program *program)
{
	const json_t *user;
	size_t i;

	json_array_foreach(users, i, user) if (json_get_int(user, "pid", 0) == program->pid) return;
	json_push(users, json_pack("{s:i, s:o}", "pid", (int)program->pid, "comm",
				   json_text(program->comm, strlen(program->comm))));
}

/* Programs that name the configuration, or whose configuration lies in that folder. */
static void add_readers(const struct programs *programs, const char *file, json_t *users)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		const struct program *program;

		if (strncmp(file, readers[i].folder, strlen(readers[i].folder)) != 0)
			continue;
		program = programs_next(programs, readers[i].program, NULL);
		if (program)
			add_user(users, program);
	}
	for (size_t i = 0; i < programs->n; i++)
		if (strstr(programs->list[i].cmdline, file))
			add_user(users, &programs->list[i]);
}

static json_t *find_users(const struct programs *programs, const json_t *named_by)
{
	json_t *users = json_array();
	const json_t *entry;
	size_t i;

	json_array_foreach(named_by, i, entry)
	{
		const char *file = json_get_text(entry, "file", NULL);
		const struct program *program =
			file ? NULL
			     : programs_find_pid(programs, (pid_t)json_get_int(entry, "pid", 0));

		if (file)
			add_readers(programs, file, users);
		if (program)
			add_user(users, program);
	}
	return users;
}

/* Certificates are small: what is larger is a bundle, and a device is none. */
static int read_bytes(const struct host *host, const char *path, struct buf *bytes)
{
	CLEANUP(fd) int fd = host_open(host, path + 1, O_RDONLY);

	return fd < 0 ? fd : buf_read_fd(bytes, fd);
}

static void add_file(struct task *task, const struct programs *programs, const char *path,
		     json_t *named_by, json_t *result)
{
	json_t *list = json_object_get(result, "certificates"), *one;
	CLEANUP(json) json_t *found = NULL;
	CLEANUP(buf) struct buf bytes = { 0 };
	size_t i;
	int r;

	buf_init(&bytes, CERTIFICATES_MAX_BYTES);
	r = read_bytes(task->host, path, &bytes);
	if (r == -ENOENT && json_array_size(named_by))
		json_push(json_object_get(result, "missing"),
			  json_pack("{s:s, s:O}", "path", path, "named_by", named_by));
	else if (r < 0 && r != -EISDIR)
		tool_unread(result, path, r);
	if (r < 0 || bytes.dropped)
		return;
	found = certificates_parse(buf_text(&bytes), bytes.len, host_now_ns(task->host));
	/* A file of keys or parameters holds none either; one that says so must have it. */
	if (found && !json_array_size(found) && json_array_size(named_by) &&
	    (!bytes.len || strstr(buf_text(&bytes), "BEGIN CERTIFICATE")))
		json_push(json_object_get(result, "malformed"), json_text(path, strlen(path)));
	json_array_foreach(found, i, one)
	{
		json_put(one, "path", json_text(path, strlen(path)));
		json_put(one, "position", json_integer((json_int_t)i));
		json_put(one, "named_by", json_incref(named_by));
		json_put(one, "used_by", find_users(programs, named_by));
		json_push(list, json_incref(one));
	}
}

static void add_given(const json_t *args, json_t *paths)
{
	const json_t *given;
	size_t i;

	json_array_foreach(json_object_get(args, "paths"), i,
			   given) if (!json_object_get(paths, json_string_value(given)))
		json_put(paths, json_string_value(given),
			 json_pack("[{s:s}]", "argument", "paths"));
}

/* Kubernetes keeps certificates beside their keys, which the walls cover. */
static void add_covered(const struct host *host, json_t *result)
{
	static const char *const folders[] = { "/etc/kubernetes/pki", "/var/lib/kubelet/pki" };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (host_is_covered(host, folders[i] + 1))
			tool_unread(result, folders[i], -EACCES);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	CLEANUP(json) json_t *paths = NULL;
	json_t *named_by, *one;
	int64_t n_expired = 0;
	const char *path;
	size_t i;
	int r = programs_load(task->host, &programs);

	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	json_put(result, "certificates", json_array());
	json_put(result, "missing", json_array());
	json_put(result, "malformed", json_array());
	paths = certificate_paths_find(task->host, &programs);
	add_covered(task->host, result);
	add_given(args, paths);
	json_object_foreach(paths, path, named_by)
	{
		if (clock_monotonic_ns() > task->deadline_ns ||
		    json_object_size(paths) >= CERTIFICATE_MAX_PATHS)
			json_put(result, "truncated", json_true());
		if (clock_monotonic_ns() <= task->deadline_ns)
			add_file(task, &programs, path, named_by, result);
	}
	json_array_foreach(json_object_get(result, "certificates"), i, one) n_expired +=
		json_get_bool(one, "expired", false);
	json_put(result, "n_expired", json_integer(n_expired));
	return 0;
}

#define NAMED_BY                                                          \
	"[{file?: string, line?: integer, pid?: integer, comm?: string, " \
	"argument?: string}]"

const struct tool tool_list_certificates = {
	.info = {
		.name = "list_certificates",
		.summary = "TLS certificates that servers here are configured with, who uses each, and "
			   "how many days it has left.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"paths\":{\"type\":\"array\",\"maxItems\":50,\"items\":{\"type\":\"string\","
			  "\"format\":\"path\"},\"description\":\"Further files to look at\"}}}",
		.result = "certificates: [{" CERTIFICATE_RESULT
			", path: string, position: integer, named_by: " NAMED_BY ", used_by: [{pid: integer, comm: string}]}], missing: [{path: string, named_by: " NAMED_BY
			"}], malformed: [string], n_expired: integer",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
