/* get_nginx_health: is nginx up, is its configuration sound, what does it complain of? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/executable.h"
#include "host/program.h"
#include "tools/catalogue.h"
#include "tools/web/nginx_paths.h"
#include "tools/web/nginx_test.h"
#include "tools/service/trouble_log.h"

#define DEFAULT_CONF "/etc/nginx/nginx.conf"
#define DEFAULT_ERROR_LOG "/var/log/nginx/error.log"
#define MAX_INSTANCES 4

static const struct trouble_kind kinds[] = {
	{ "permission_denied", "(13: Permission denied)" },
	{ "upstream_refused", "(111: Connection refused) while connecting to upstream" },
	{ "no_live_upstreams", "no live upstreams" },
	{ "upstream_timed_out", "upstream timed out" },
	{ "upstream_closed", "upstream prematurely closed" },
	{ "upstream_reset", "(104: Connection reset by peer) while reading response header" },
	{ "upstream_missing_socket",
	  "(2: No such file or directory) while connecting to upstream" },
	{ "upstream_refused", "(111: " },
	{ "address_in_use", "(98: " },
	{ "worker_connections", "worker_connections are not enough" },
	{ "too_many_open_files", "(24: Too many open files)" },
	{ "no_space", "(28: No space left on device)" },
	{ "out_of_memory", "(12: Cannot allocate memory)" },
	{ "worker_crashed", "exited on signal" },
	{ "tls_failed", "SSL_do_handshake() failed" },
	{ "certificate", "cannot load certificate" },
	{ "not_found", "(2: No such file or directory)" },
	{ "limited", "limiting requests" },
	{ "body_too_large", "client intended to send too large body" },
	{ "configuration", "[emerg]" },
	{ "other_alert", "[alert]" },
	{ "other_critical", "[crit]" },
	{ "other_error", "[error]" },
	{ NULL, NULL },
};

/* One nginx: a running master, or what would be started. */
struct instance {
	const struct program *master; /* NULL: none runs */
	char binary[512], conf_path[1024], prefix[512];
	struct account master_account, worker;
};

/* "nginx: master process /usr/sbin/nginx -c /x -p /y" */
static void read_title(const char *title, struct instance *instance)
{
	const char *at = strstr(title, "master process ");
	struct str word;

	if (!at)
		return;
	at += strlen("master process ");
	if (scan_word(&at, &word) && word.data[0] == '/')
		str_copy(word, instance->binary, sizeof(instance->binary));
	while (scan_word(&at, &word)) {
		if (str_is(word, "-c") && scan_word(&at, &word))
			str_copy(word, instance->conf_path, sizeof(instance->conf_path));
		else if (str_is(word, "-p") && scan_word(&at, &word))
			str_copy(word, instance->prefix, sizeof(instance->prefix));
	}
}

static void find_instance(const struct host *host, const struct program *master,
			  const char *conf_path, struct instance *instance)
{
	*instance = (struct instance) { .master = master };
	if (!executable_find(host, "nginx", instance->binary, sizeof(instance->binary)))
		instance->binary[0] = '\0';
	if (master)
		read_title(master->cmdline, instance);
	if (conf_path)
		text_format(instance->conf_path, sizeof(instance->conf_path), "%s", conf_path);
	if (instance->conf_path[0] != '/' && instance->prefix[0] == '/') {
		char joined[2048];

		text_format(joined, sizeof(joined), "%s/%s", instance->prefix,
			    instance->conf_path[0] ? instance->conf_path : "conf/nginx.conf");
		text_format(instance->conf_path, sizeof(instance->conf_path), "%s", joined);
	}
	if (instance->conf_path[0] != '/')
		text_format(instance->conf_path, sizeof(instance->conf_path), DEFAULT_CONF);
}

/* The worker's account: as it runs, else as configured, else as compiled in. */
static void find_accounts(const struct host *host, const struct programs *programs,
			  const struct nginx_conf *conf, struct instance *instance)
{
	static const char *const compiled[] = { "www-data", "nginx", "nobody" };
	const char *user = nginx_conf_get(conf, -1, "user");
	bool found = false;

	instance->master_account = (struct account) { .name = "root" };
	if (instance->master &&
	    !account_find_uid(host, instance->master->uid, &instance->master_account))
		instance->master_account.uid = instance->master->uid;
	for (size_t i = 0; instance->master && i < programs->n && !found; i++)
		if (programs->list[i].ppid == instance->master->pid &&
		    strstr(programs->list[i].cmdline, "worker process"))
			found = account_find_uid(host, programs->list[i].uid, &instance->worker);
	if (!found && user)
		found = account_find_name(host, user, &instance->worker);
	for (size_t i = 0; i < ARRAY_LEN(compiled) && !found; i++)
		found = account_find_name(host, compiled[i], &instance->worker);
	/* A master that is not root cannot become anybody else. */
	if (instance->master_account.uid != 0)
		instance->worker = instance->master_account;
}

static void add_config_test(struct task *task, const struct nginx_conf *conf,
			    const struct instance *instance, json_t *result)
{
	struct error err = { 0 };
	json_t *test = NULL;
	size_t i;
	const json_t *file;

	if (!task->host->is_fixture && instance->binary[0])
		test = nginx_test_run(task, instance->binary, instance->conf_path,
				      instance->prefix[0] ? instance->prefix : NULL, &err);
	if (!task->host->is_fixture && instance->binary[0] && !test)
		tool_unread(result, err.text, err.code);
	if (!test)
		test = json_pack("{s:b, s:s, s:O}", "ok", json_array_size(conf->errors) == 0,
				 "method", "own reading", "errors", conf->errors);
	json_put(result, "config_test", test);
	json_array_foreach(conf->unread, i, file) tool_unread(
		result, json_get_text(file, "path", ""), (int)json_get_int(file, "code", -EIO));
	if (conf->truncated)
		json_put(result, "truncated", json_true());
}

static void add_log(struct task *task, const struct nginx_conf *conf, int64_t since_s,
		    const struct instance *instance, json_t *result)
{
	const char *path = nginx_conf_get(conf, -1, "error_log");
	char joined[2048];
	struct trouble_log log = { .kinds = kinds,
				   .path = path ? path : DEFAULT_ERROR_LOG,
				   .since_s = (uint64_t)since_s,
				   .worker = &instance->worker };

	if (path && path[0] != '/' && instance->prefix[0]) {
		text_format(joined, sizeof(joined), "%s/%s", instance->prefix, path);
		log.path = joined;
	}
	if (log.path[0] == '/')
		json_put(result, "error_log", trouble_log_read(task, &log, result));
}

static void add_workers(const struct programs *programs, const struct instance *instance,
			json_t *result)
{
	json_t *workers = json_array();

	for (size_t i = 0; instance->master && i < programs->n; i++)
		if (programs->list[i].ppid == instance->master->pid)
			json_push(workers, program_json(&programs->list[i]));
	json_put(result, "workers", workers);
}

static void examine(struct task *task, const struct programs *programs, const json_t *args,
		    const struct program *master, json_t *result)
{
	CLEANUP(nginx_conf) struct nginx_conf conf = { 0 };
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	struct instance instance;
	int r;

	if (!listeners)
		abort();
	find_instance(task->host, master, json_get_text(args, "config", NULL), &instance);
	nginx_conf_load(&conf, task->host, instance.conf_path);
	find_accounts(task->host, programs, &conf, &instance);
	r = listeners_read(task->host, listeners);
	if (r < 0)
		tool_unread(result, "/proc/net/tcp", r);
	listeners->truncated |= r < 0; /* then nothing is said to have no listener */
	json_put(result, "master", master ? program_json(master) : json_null());
	json_put(result, "config", json_text(instance.conf_path, strlen(instance.conf_path)));
	json_put(result, "worker_user", json_string(instance.worker.name));
	add_workers(programs, &instance, result);
	add_config_test(task, &conf, &instance, result);
	json_put(result, "paths",
		 nginx_paths_check(task->host, &conf, &instance.worker, &instance.master_account));
	json_put(result, "upstreams",
		 nginx_upstreams_check(task->host, &conf, &instance.worker, listeners));
	add_log(task, &conf, json_get_int(args, "since_s", 3600), &instance, result);
	free(listeners);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	const struct program *program = NULL, *masters[MAX_INSTANCES];
	json_t *others = json_array();
	char binary[512];
	size_t n = 0;
	int r = programs_load(task->host, &programs);

	json_put(result, "other_instances", others);
	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	while (n < MAX_INSTANCES && (program = programs_next(&programs, "nginx", program)) != NULL)
		if (strstr(program->cmdline, "master process"))
			masters[n++] = program;
	json_put(result, "running", json_boolean(n > 0));
	json_put(result, "installed",
		 json_boolean(n > 0 ||
			      executable_find(task->host, "nginx", binary, sizeof(binary))));
	if (n == 0 && !host_exists(task->host, &DEFAULT_CONF[1]) &&
	    !json_object_get(args, "config"))
		return 0;
	examine(task, &programs, args, n ? masters[0] : NULL, result);
	for (size_t i = 1; i < n; i++) {
		json_t *other = json_object();

		examine(task, &programs, args, masters[i], other);
		json_push(others, other);
	}
	return 0;
}

#define NGINX_RESULT                                                               \
	"master?: " PROGRAM_RESULT                                                 \
	"|null, config?: string, worker_user?: string, workers?: [" PROGRAM_RESULT \
	"], " WEB_RESULT ", error_log?: " TROUBLE_LOG_RESULT                       \
	", truncated?: boolean, unread?: unread"

const struct tool tool_get_nginx_health = {
	.info = {
		.name = "get_nginx_health",
		.summary = "nginx: whether it runs, its configuration test, what its workers may not "
			   "read, upstreams without a listener, and its recent errors by kind.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"config\":{\"type\":\"string\",\"format\":\"path\",\"description\":"
			  "\"Configuration file; otherwise the running master's\"},"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2592000,"
			  "\"default\":3600,\"description\":\"How old error lines may be\"}}}",
		.result = "installed: boolean, running: boolean, " NGINX_RESULT
			", other_instances: [{" NGINX_RESULT "}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
