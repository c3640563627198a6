/* get_apache_health: is Apache up, is its configuration sound, what does it complain of? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/executable.h"
#include "host/program.h"
#include "tools/catalogue.h"
#include "tools/web/apache_conf.h"
#include "tools/web/command.h"
#include "tools/web/upstream.h"
#include "tools/service/trouble_log.h"
#include "tools/web/web_path.h"

#define TEST_NS (10 * NS_PER_SEC)
#define OUTPUT_MAX_BYTES (64 * KIB)
#define MAX_UPSTREAMS 100

static const struct trouble_kind kinds[] = {
	{ "permission_denied", "(13)Permission denied" },
	{ "permission_denied", "file permissions deny server access" },
	{ "denied_by_configuration", "client denied by server configuration" },
	{ "upstream_refused", "(111)Connection refused" },
	{ "upstream_failed", "failed to make connection to backend" },
	{ "upstream_timed_out", "The timeout specified has expired" },
	{ "upstream_closed", "error reading status line from remote server" },
	{ "address_in_use", "(98)Address already in use" },
	{ "max_workers", "MaxRequestWorkers" },
	{ "too_many_open_files", "(24)Too many open files" },
	{ "no_space", "(28)No space left on device" },
	{ "out_of_memory", "(12)Cannot allocate memory" },
	{ "worker_crashed", "exit signal" },
	{ "tls_failed", "SSL Library Error" },
	{ "script_error", "PHP Fatal error" },
	{ "not_found", "File does not exist" },
	{ "other_critical", ":crit]" },
	{ "other_alert", ":alert]" },
	{ "other_emergency", ":emerg]" },
	{ "other_error", ":error]" },
	{ NULL, NULL },
};

/* The two families of distributions name program, folder and log differently. */
struct flavour {
	const char *program, *conf_path, *error_log, *user;
};

static const struct flavour flavours[] = {
	{ "apache2", "/etc/apache2/apache2.conf", "/var/log/apache2/error.log", "www-data" },
	{ "httpd", "/etc/httpd/conf/httpd.conf", "/var/log/httpd/error_log", "apache" },
	{ "httpd", "/etc/apache2/httpd.conf", "/var/log/apache2/error.log", "apache" },
};

/* "AH00526: Syntax error on line 12 of /etc/x.conf:", and the reason on the next line. */
static json_t *judge_test(const char *output, int status)
{
	json_t *errors = json_array(), *warnings = json_array(), *error = NULL;
	struct str line;

	while (scan_line(&output, &line)) {
		char text[2048];
		const char *at;
		uint64_t number;

		str_copy(line, text, sizeof(text));
		at = strstr(text, "rror on line ");
		if (at && (at += strlen("rror on line "), scan_u64(&at, &number)) &&
		    scan_text(&at, " of ")) {
			size_t len = strcspn(at, ":");
			const char *reason = at + len + strspn(at + len, ": ");

			error = json_pack("{s:o, s:I, s:o}", "file", json_text(at, len), "line",
					  (json_int_t)number, "text",
					  json_text(reason, strlen(reason)));
			json_push(errors, error);
			if (*reason)
				error = NULL; /* else the reason is the next line */
		} else if (error) {
			json_put(error, "text", json_text(text, strlen(text)));
			error = NULL;
		} else if (strstr(text, "Warning") || strstr(text, "warn")) {
			json_push(warnings, json_text(text, strlen(text)));
		} else if (status != 0 && line.len && !strstr(text, "Syntax OK") &&
			   !strstr(text, "Action '")) {
			json_push(errors,
				  json_pack("{s:o}", "text", json_text(text, strlen(text))));
		}
	}
	return json_pack("{s:b, s:s, s:o, s:o}", "ok", status == 0, "method", "apache -t", "errors",
			 errors, "warnings", warnings);
}

/* The variables that Debian's start script would export are given as definitions. */
static json_t *run_test(struct task *task, const struct apache_conf *conf, const char *binary,
			const char *conf_path, struct error *err)
{
	CLEANUP(buf) struct buf output = { 0 };
	char defines[APACHE_CONF_MAX_DEFINES][400];
	const char *argv[2 * APACHE_CONF_MAX_DEFINES + 8] = { binary };
	uint64_t deadline_ns = clock_monotonic_ns() + TEST_NS;
	size_t n = 1;
	int status;

	for (size_t i = 0; i < conf->n_variables; i++) {
		const struct apache_define *one = &conf->defines[i];
		/* The start script makes this folder; without it nothing could be judged. */
		bool is_unmade = strcmp(one->name, "APACHE_RUN_DIR") == 0 &&
				 !host_exists(task->host, one->value + (one->value[0] == '/'));

		text_format(defines[i], sizeof(defines[i]), "Define %s \"%s\"", one->name,
			    is_unmade ? "/tmp" : one->value);
		argv[n++] = "-C";
		argv[n++] = defines[i];
	}
	argv[n++] = "-t";
	argv[n++] = "-f";
	argv[n] = conf_path;
	buf_init(&output, OUTPUT_MAX_BYTES);
	if (deadline_ns > task->deadline_ns)
		deadline_ns = task->deadline_ns;
	/* exec takes its arguments as it always did: not const, never written. */
	status = command_run((char *const *)(uintptr_t)argv, deadline_ns, &output, err);
	if (status < 0)
		return NULL;
	/* It opens its sockets while it reads, which the sandbox refuses: no verdict on the rest.
	 */
	if (strstr(buf_text(&output), "failed to get a socket")) {
		error_set(err, -EPERM, "apache -t behind a Listen line");
		return NULL;
	}
	return judge_test(buf_text(&output), status);
}

static json_t *check_paths(const struct host *host, const struct apache_conf *conf,
			   const struct account *worker)
{
	static const struct account root = { .name = "root" };
	static const struct {
		const char *directive;
		int wanted;
		const struct account *account; /* NULL: the worker */
	} named[] = {
		{ "DocumentRoot", R_OK | X_OK, NULL },   { "AuthUserFile", R_OK, NULL },
		{ "SSLCertificateFile", R_OK, &root },   { "SSLCertificateKeyFile", R_OK, &root },
		{ "SSLCACertificateFile", R_OK, &root },
	};
	json_t *findings = json_array();

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		int at = -1;

		while ((at = apache_conf_next(conf, named[i].directive, at)) >= 0) {
			const struct apache_directive *directive = &conf->directives[at];
			char path[PERMISSION_PATH_BYTES];
			struct web_path wanted = { named[i].directive, path, directive->file,
						   directive->line, named[i].wanted };

			apache_conf_path(conf, directive->value, path, sizeof(path));
			web_path_check(host, named[i].account ? named[i].account : worker, &wanted,
				       findings);
		}
	}
	return findings;
}

static json_t *check_upstreams(const struct apache_conf *conf, const struct listeners *listeners)
{
	static const char *const names[] = { "ProxyPass", "ProxyPassMatch", "BalancerMember" };
	json_t *upstreams = json_array();

	for (size_t i = 0; i < conf->n && json_array_size(upstreams) < MAX_UPSTREAMS; i++) {
		const struct apache_directive *directive = &conf->directives[i];
		const char *address =
			strstr(directive->value, "://") ? directive->value : directive->second;
		struct upstream upstream = { 0 };

		/* ProxyPass inside a Location has the address first; elsewhere a path is. */
		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			if (strcasecmp(directive->name, names[j]) == 0 && strstr(address, "://"))
				upstream = upstream_parse(address, 80);
		if (upstream.kind == UPSTREAM_TCP)
			json_push(upstreams,
				  json_pack("{s:s, s:s, s:s, s:i, s:b}", "directive",
					    directive->name, "address", address, "file",
					    directive->file, "line", (int)directive->line, "ok",
					    upstream_has_listener(&upstream, listeners)));
	}
	return upstreams;
}

static const struct flavour *find_flavour(const struct host *host, const struct programs *programs,
					  const struct program **master_out)
{
	for (size_t i = 0; i < ARRAY_LEN(flavours); i++) {
		const struct program *program = NULL;

		if (!host_exists(host, flavours[i].conf_path + 1))
			continue;
		/* The parent of the others is the master. */
		while ((program = programs_next(programs, flavours[i].program, program)) != NULL) {
			const struct program *parent = programs_find_pid(programs, program->ppid);

			if (!parent || strcmp(parent->comm, program->comm) != 0) {
				*master_out = program;
				break;
			}
		}
		return &flavours[i];
	}
	return NULL;
}

/* "/usr/sbin/apache2 -f /x/y.conf -k start" */
static void conf_of(const struct program *master, char *path, size_t size)
{
	const char *at = strstr(master->cmdline, " -f ");
	struct str word;

	if (at && (at += 4, scan_word(&at, &word)) && word.data[0] == '/')
		str_copy(word, path, size);
}

static void add_log(struct task *task, const struct apache_conf *conf, const json_t *args,
		    const struct flavour *flavour, const struct account *worker, json_t *result)
{
	int at = apache_conf_next(conf, "ErrorLog", -1);
	char path[PERMISSION_PATH_BYTES];
	struct trouble_log log = { .kinds = kinds,
				   .path = path,
				   .since_s = (uint64_t)json_get_int(args, "since_s", 3600),
				   .worker = worker };

	if (at >= 0 && !strstr(conf->directives[at].value, "${") &&
	    conf->directives[at].value[0] != '|')
		apache_conf_path(conf, conf->directives[at].value, path, sizeof(path));
	else
		text_format(path, sizeof(path), "%s", flavour->error_log);
	json_put(result, "error_log", trouble_log_read(task, &log, result));
}

static void add_test(struct task *task, const struct apache_conf *conf,
		     const struct flavour *flavour, const char *conf_path, json_t *result)
{
	struct error err = { 0 };
	char binary[512];
	json_t *test = NULL;

	if (!task->host->is_fixture &&
	    executable_find(task->host, flavour->program, binary, sizeof(binary))) {
		test = run_test(task, conf, binary, conf_path, &err);
		if (!test)
			tool_unread(result, err.text, err.code);
	}
	if (!test)
		test = json_pack("{s:b, s:s, s:O}", "ok", json_array_size(conf->errors) == 0,
				 "method", "own reading", "errors", conf->errors);
	json_put(result, "config_test", test);
}

static void examine(struct task *task, const json_t *args, const struct flavour *flavour,
		    const struct program *master, json_t *result)
{
	CLEANUP(apache_conf) struct apache_conf conf = { 0 };
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	struct account worker = { .name = "nobody", .uid = 65534, .gid = 65534 };
	char conf_path[1024];
	const json_t *file;
	size_t i;
	int at, r;

	if (!listeners)
		abort();
	text_format(conf_path, sizeof(conf_path), "%s", flavour->conf_path);
	if (master)
		conf_of(master, conf_path, sizeof(conf_path));
	apache_conf_load(&conf, task->host, conf_path);
	at = apache_conf_next(&conf, "User", -1);
	if (at < 0 || !account_find_name(task->host, conf.directives[at].value, &worker))
		(void)account_find_name(task->host, flavour->user, &worker);
	r = listeners_read(task->host, listeners);
	listeners->truncated |= r < 0; /* then nothing is said to have no listener */
	json_put(result, "config", json_text(conf_path, strlen(conf_path)));
	json_put(result, "worker_user", json_string(worker.name));
	add_test(task, &conf, flavour, conf_path, result);
	json_put(result, "paths", check_paths(task->host, &conf, &worker));
	json_put(result, "upstreams", check_upstreams(&conf, listeners));
	add_log(task, &conf, args, flavour, &worker, result);
	json_array_foreach(conf.unread, i, file) tool_unread(
		result, json_get_text(file, "path", ""), (int)json_get_int(file, "code", -EIO));
	if (conf.truncated)
		json_put(result, "truncated", json_true());
	free(listeners);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(programs) struct programs programs = { 0 };
	const struct program *master = NULL;
	const struct flavour *flavour;
	int r = programs_load(task->host, &programs);

	if (r < 0)
		return error_set(err, r, "list /proc: %s", strerrordesc_np(-r));
	flavour = find_flavour(task->host, &programs, &master);
	json_put(result, "installed", json_boolean(flavour));
	json_put(result, "running", json_boolean(master));
	json_put(result, "master", master ? program_json(master) : json_null());
	if (flavour)
		examine(task, args, flavour, master, result);
	return 0;
}

const struct tool tool_get_apache_health = {
	.info = {
		.name = "get_apache_health",
		.summary = "Apache httpd: whether it runs, its configuration test, what its workers may "
			   "not read, backends without a listener, and its recent errors by kind.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"since_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":2592000,"
			  "\"default\":3600,\"description\":\"How old error lines may be\"}}}",
		.result = "installed: boolean, running: boolean, master: " PROGRAM_RESULT
			"|null, config?: string, worker_user?: string, " WEB_RESULT ", error_log?: "
			TROUBLE_LOG_RESULT,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
