#include "tools/certificate/certificate_paths.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "host/pattern.h"

#define MAX_CONFIG_FILES 512
#define CONFIG_MAX_BYTES (1 * MIB)
#define MAX_NAMED_BY 8

static const char *const config_patterns[] = {
	"/etc/nginx/*.conf",
	"/etc/nginx/*/*",
	"/etc/apache2/*.conf",
	"/etc/apache2/*-enabled/*",
	"/etc/httpd/conf*/*.conf",
	"/etc/haproxy/*.cfg",
	"/etc/haproxy/conf.d/*",
	"/etc/postfix/main.cf",
	"/etc/dovecot/*.conf",
	"/etc/dovecot/conf.d/*.conf",
	"/etc/postgresql/*/*/*.conf",
	"/var/lib/pgsql/data/postgresql.conf",
	"/var/lib/pgsql/*/data/postgresql.conf",
	"/etc/mysql/*.cnf",
	"/etc/mysql/*/*.cnf",
	"/etc/my.cnf",
	"/etc/my.cnf.d/*.cnf",
	"/etc/redis/*.conf",
	"/etc/redis.conf",
	"/etc/exim4/*.conf*",
	"/etc/ldap/slapd.conf",
	"/etc/mosquitto/*.conf",
	"/etc/mosquitto/conf.d/*.conf",
	"/etc/rabbitmq/*.conf",
	"/etc/stunnel/*.conf",
	"/etc/vsftpd.conf",
	"/etc/prometheus/*.yml",
	"/etc/grafana/grafana.ini",
	"/etc/kubernetes/manifests/*.yaml",
};

static const char *const file_patterns[] = {
	"/etc/ssl/*.pem",
	"/etc/ssl/*.crt",
	"/etc/ssl/certs/ssl-cert-snakeoil.pem",
	"/etc/letsencrypt/live/*/fullchain.pem",
	"/etc/letsencrypt/live/*/cert.pem",
	"/etc/pki/tls/certs/*.crt",
	"/etc/pki/tls/certs/*.pem",
	"/etc/nginx/ssl/*.[cp]*",
	"/etc/nginx/certs/*.[cp]*",
	"/etc/apache2/ssl/*.[cp]*",
	"/etc/haproxy/certs/*",
	"/etc/kubernetes/pki/*.crt",
	"/etc/kubernetes/pki/etcd/*.crt",
	"/var/lib/kubelet/pki/*.pem",
	"/var/lib/postgresql/*/*/server.crt",
	"/var/lib/pgsql/data/server.crt",
	"/var/lib/pgsql/*/data/server.crt",
	"/var/lib/mysql/*-cert.pem",
	"/etc/caddy/*.pem",
	"/etc/docker/*.pem",
	"/etc/cockpit/ws-certs.d/*.cert",
};

static void note(json_t *paths, const char *path, json_t *named_by)
{
	json_t *list = json_object_get(paths, path);

	if (!list && json_object_size(paths) < CERTIFICATE_MAX_PATHS) {
		list = json_array();
		json_put(paths, path, list);
	}
	if (list && named_by && json_array_size(list) < MAX_NAMED_BY)
		json_push(list, named_by);
	else
		json_decref(named_by);
}

static bool has_suffix(const char *path, const char *const *suffixes, size_t n)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < n; i++)
		if (len > strlen(suffixes[i]) &&
		    strcmp(path + len - strlen(suffixes[i]), suffixes[i]) == 0)
			return true;
	return false;
}

static bool is_certificate(const char *path)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".cert", ".chain" };

	return has_suffix(path, suffixes, ARRAY_LEN(suffixes)) &&
	       !strstr(path, "ca-certificates") && !strstr(path, "privkey") &&
	       !strstr(path, "/dhparam");
}

static bool is_config(const char *path)
{
	static const char *const suffixes[] = { ".conf", ".cfg", ".cnf", ".yaml",
						".yml",  ".ini", ".toml" };

	return has_suffix(path, suffixes, ARRAY_LEN(suffixes));
}

/* The next absolute path in a line: begins at a '/' that no letter precedes. */
static bool next_path(const char **at, char *path, size_t size)
{
	static const char ends[] = " \t\r\n\"';,<>(){}[]|:=";
	const char *start = *at;

	while ((start = strchr(start, '/')) != NULL) {
		size_t len = strcspn(start, ends);
		bool is_start = start == *at || strchr(ends, start[-1]);

		if (is_start && len > 1 && len < size) {
			str_copy((struct str) { start, len }, path, size);
			*at = start + len;
			return true;
		}
		start += len ? len : 1;
	}
	return false;
}

static void note_line(json_t *paths, const char *path, const char *file, uint64_t line)
{
	note(paths, path, json_pack("{s:s, s:I}", "file", file, "line", (json_int_t)line));
}

/* In PostgreSQL's own folder "ssl_cert_file = 'server.crt'" lies beside the configuration. */
static bool relative_path(const char *file, const char *line, char *path, size_t size)
{
	static const char key[] = "ssl_cert_file";
	const char *slash = strrchr(file, '/');
	size_t len;

	if (strncmp(file, "/var/lib/", 9) != 0 || strncmp(line, key, sizeof(key) - 1) != 0)
		return false;
	line += sizeof(key) - 1;
	line += strspn(line, " \t='\"");
	len = strcspn(line, " \t'\"#;\r\n");
	if (!len || line[0] == '/' || len > NAME_MAX)
		return false;
	text_format(path, size, "%.*s/%.*s", (int)(slash - file), file, (int)len, line);
	return true;
}

static void scan_config(const struct host *host, const char *file, json_t *paths)
{
	CLEANUP(fd) int fd = host_open(host, file + 1, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return; /* the walk over files says what could not be read */
	lines_init(&lines, fd, CONFIG_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		const char *at = line.data + strspn(line.data, " \t");
		char path[1024];

		if (*at == '#' || *at == ';')
			continue;
		if (relative_path(file, at, path, sizeof(path)))
			note_line(paths, path, file, lines.n_lines);
		while (next_path(&at, path, sizeof(path)))
			if (is_certificate(path))
				note_line(paths, path, file, lines.n_lines);
	}
}

static void scan_programs(const struct host *host, const struct programs *programs, json_t *paths)
{
	for (size_t i = 0; i < programs->n; i++) {
		const struct program *program = &programs->list[i];
		const char *at = program->cmdline;
		char path[1024];

		while (next_path(&at, path, sizeof(path))) {
			if (is_certificate(path))
				note(paths, path,
				     json_pack("{s:i, s:o}", "pid", (int)program->pid, "comm",
					       json_text(program->comm, strlen(program->comm))));
			else if (is_config(path))
				scan_config(host, path, paths);
		}
	}
}

json_t *certificate_paths_find(const struct host *host, const struct programs *programs)
{
	json_t *paths = json_object();
	const json_t *entry;
	size_t j;

	for (size_t i = 0; i < ARRAY_LEN(config_patterns); i++) {
		CLEANUP(json)
		json_t *files = host_match(host, config_patterns[i], MAX_CONFIG_FILES);

		json_array_foreach(files, j, entry)
			scan_config(host, json_string_value(entry), paths);
	}
	scan_programs(host, programs, paths);
	for (size_t i = 0; i < ARRAY_LEN(file_patterns); i++) {
		CLEANUP(json) json_t *files = host_match(host, file_patterns[i], MAX_CONFIG_FILES);

		json_array_foreach(files, j, entry) note(paths, json_string_value(entry), NULL);
	}
	return paths;
}
