#include "tools/web/nginx_paths.h"

#include <string.h>
#include <unistd.h>

#include "tools/web/upstream.h"

#define MAX_UPSTREAMS 100

struct named_path {
	const char *directive;
	int wanted;
	enum {
		BY_WORKER,
		BY_MASTER,
		BY_MASTER_PARENT
	} by; /* who opens it */
};

/* What a server opens only when a request or a start asks for it. */
static const struct named_path named_paths[] = {
	{ "root", R_OK | X_OK, BY_WORKER },
	{ "alias", R_OK, BY_WORKER },
	{ "auth_basic_user_file", R_OK, BY_WORKER },
	{ "ssl_certificate", R_OK, BY_MASTER },
	{ "ssl_certificate_key", R_OK, BY_MASTER },
	{ "ssl_trusted_certificate", R_OK, BY_MASTER },
	{ "ssl_client_certificate", R_OK, BY_MASTER },
	{ "ssl_dhparam", R_OK, BY_MASTER },
	{ "access_log", X_OK, BY_MASTER_PARENT },
	{ "error_log", X_OK, BY_MASTER_PARENT },
};

/* Below the configuration's folder, as nginx looks for certificates. */
static void absolute(const struct nginx_conf *conf, const char *path, char *text, size_t size)
{
	const char *file = conf->n ? conf->directives[0].file : "/";
	const char *slash = strrchr(file, '/');

	if (path[0] == '/')
		text_format(text, size, "%s", path);
	else
		text_format(text, size, "%.*s/%s", slash ? (int)(slash - file) : 0, file, path);
}

static bool is_special(const char *path)
{
	return strcmp(path, "off") == 0 || strncmp(path, "syslog:", 7) == 0 ||
	       strncmp(path, "memory:", 7) == 0 || strcmp(path, "stderr") == 0 ||
	       strncmp(path, "data:", 5) == 0 || strncmp(path, "engine:", 7) == 0 ||
	       strncmp(path, "pipe:", 5) == 0;
}

static void check_one(const struct host *host, const struct nginx_conf *conf,
		      const struct nginx_directive *directive, const struct named_path *named,
		      const struct account *account, json_t *findings)
{
	char path[PERMISSION_PATH_BYTES];
	struct web_path wanted = { .directive = named->directive,
				   .path = path,
				   .file = directive->file,
				   .line = directive->line,
				   .wanted = named->wanted };
	char *slash;

	absolute(conf, directive->words[1], path, sizeof(path));
	if (named->by == BY_MASTER_PARENT) {
		slash = strrchr(path, '/');
		*slash = '\0';
	}
	/* A relative root is below a compiled prefix that we do not know. */
	if (path[0] && (directive->words[1][0] == '/' || named->by == BY_MASTER))
		web_path_check(host, account, &wanted, findings);
}

/* The pages a folder is asked for first: readable folders may hold unreadable files. */
static void check_index(const struct host *host, const struct nginx_conf *conf,
			const struct nginx_directive *directive, const struct account *worker,
			json_t *findings)
{
	const char *index = nginx_conf_get(conf, directive->parent, "index");
	char path[PERMISSION_PATH_BYTES];
	struct web_path wanted = { "index", path, directive->file, directive->line, R_OK };
	struct stat stat;

	text_format(path, sizeof(path), "%s/%s", directive->words[1], index ? index : "index.html");
	if (strchr(path, '$') || host_stat(host, path, &stat) < 0)
		return; /* another of the list may serve; what is refused is in the log */
	web_path_check(host, worker, &wanted, findings);
}

json_t *nginx_paths_check(const struct host *host, const struct nginx_conf *conf,
			  const struct account *worker, const struct account *master)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < ARRAY_LEN(named_paths); i++) {
		const struct named_path *named = &named_paths[i];
		int at = -1;

		while ((at = nginx_conf_next(conf, named->directive, at)) >= 0) {
			const struct nginx_directive *directive = &conf->directives[at];

			if (directive->n_words < 2 || is_special(directive->words[1]))
				continue;
			check_one(host, conf, directive, named,
				  named->by == BY_WORKER ? worker : master, findings);
			if (strcmp(named->directive, "root") == 0 && directive->words[1][0] == '/')
				check_index(host, conf, directive, worker, findings);
		}
	}
	return findings;
}

static bool is_upstream_name(const struct nginx_conf *conf, const char *name)
{
	int at = -1;

	while ((at = nginx_conf_next(conf, "upstream", at)) >= 0)
		if (conf->directives[at].n_words > 1 &&
		    strcmp(conf->directives[at].words[1], name) == 0)
			return true;
	return false;
}

static json_t *judge(const struct host *host, const struct nginx_directive *directive,
		     const struct upstream *upstream, const struct account *worker,
		     const struct listeners *listeners)
{
	bool has_listener = upstream_has_listener(upstream, listeners);
	json_t *entry =
		json_pack("{s:s, s:o, s:s, s:i, s:b}", "directive", directive->words[0], "address",
			  json_text(directive->words[1], strlen(directive->words[1])), "file",
			  directive->file, "line", (int)directive->line, "ok", has_listener);
	struct permission permission;
	char why[1024];

	if (!has_listener)
		json_put(entry, "why", json_string("nothing listens on that port"));
	if (upstream->kind != UPSTREAM_UNIX)
		return entry;
	permission_check(host, worker, upstream->host, R_OK | W_OK, &permission);
	if (permission.code == 0)
		return entry;
	permission_describe(host, &permission, why, sizeof(why));
	json_put(entry, "ok", json_false());
	json_put(entry, "why", json_text(why, strlen(why)));
	return entry;
}

/* "server" is an upstream's only inside of one: elsewhere it opens a block. */
static bool is_member(const struct nginx_conf *conf, const struct nginx_directive *directive)
{
	return directive->parent >= 0 &&
	       strcmp(conf->directives[directive->parent].words[0], "upstream") == 0;
}

json_t *nginx_upstreams_check(const struct host *host, const struct nginx_conf *conf,
			      const struct account *worker, const struct listeners *listeners)
{
	static const char *const names[] = { "proxy_pass", "fastcgi_pass", "uwsgi_pass",
					     "scgi_pass",  "grpc_pass",    "memcached_pass",
					     "server" };
	json_t *upstreams = json_array();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int at = -1;

		while ((at = nginx_conf_next(conf, names[i], at)) >= 0) {
			const struct nginx_directive *directive = &conf->directives[at];
			struct upstream upstream;

			if (directive->n_words < 2 || json_array_size(upstreams) == MAX_UPSTREAMS ||
			    (strcmp(names[i], "server") == 0 && !is_member(conf, directive)))
				continue;
			upstream = upstream_parse(directive->words[1], 80);
			if (upstream.kind != UPSTREAM_NONE &&
			    !is_upstream_name(conf, upstream.host))
				json_push(upstreams,
					  judge(host, directive, &upstream, worker, listeners));
		}
	}
	return upstreams;
}
