/* Init scripts: what their headers say, and whether their daemon is there. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "tools/service/service.h"

#define SCRIPT_MAX_BYTES (32 * KIB)

struct script {
	char name[128];
	char description[256];
	char pidfile[256];
	char daemon[256];
};

/* Not services: they act once at boot. */
static const char *const boot_scripts[] = { "README",   "rc",        "rcS",       "rc.local",
					    "single",   "halt",      "reboot",    "killprocs",
					    "skeleton", "functions", "rmnologin", "sendsigs",
					    "umountfs", "umountroot" };

/* The value of NAME=value in a shell line, quotes taken off. */
static bool assignment(struct str line, const char *name, char *value_out, size_t size)
{
	size_t len = strlen(name);
	struct str value;

	if (!str_starts(line, name) || line.len <= len || line.data[len] != '=')
		return false;
	value = (struct str) { line.data + len + 1, line.len - len - 1 };
	if (value.len && (*value.data == '"' || *value.data == '\'')) {
		const char *close = memchr(value.data + 1, *value.data, value.len - 1);

		value.data++;
		value.len = close ? (size_t)(close - value.data) : value.len - 1;
	} else {
		size_t n = 0;

		while (n < value.len && !isspace((unsigned char)value.data[n]) &&
		       value.data[n] != ';')
			n++;
		value.len = n;
	}
	str_copy(value, value_out, size);
	return value.len > 0;
}

/* Replaces $NAME or ${NAME} once; shell of any other kind is left as it is. */
static void expand(char *text, size_t size, const char *name, const char *value)
{
	char braced[80], plain[80], out[512];
	char *at;
	size_t len;

	text_format(braced, sizeof(braced), "${%s}", name);
	text_format(plain, sizeof(plain), "$%s", name);
	at = strstr(text, braced);
	len = strlen(at ? braced : plain);
	if (!at)
		at = strstr(text, plain);
	if (!at || !*value)
		return;
	text_format(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, value, at + len);
	text_format(text, size, "%s", out);
}

static void parse_script(const char *text, struct script *script)
{
	static const char *const pid_names[] = { "PIDFILE", "pidfile", "PID_FILE", "PID" };
	static const char *const daemon_names[] = { "DAEMON", "daemon", "exec", "prog", "command" };
	char name[128] = "";
	struct str line;

	while (scan_line(&text, &line)) {
		if (str_starts(line, "# Short-Description:")) {
			const char *at = line.data + 20, *end = line.data + line.len;

			while (at < end && isspace((unsigned char)*at))
				at++;
			str_copy((struct str) { at, (size_t)(end - at) }, script->description,
				 sizeof(script->description));
		}
		(void)assignment(line, "NAME", name, sizeof(name));
		for (size_t i = 0; i < ARRAY_LEN(pid_names) && !script->pidfile[0]; i++)
			(void)assignment(line, pid_names[i], script->pidfile,
					 sizeof(script->pidfile));
		for (size_t i = 0; i < ARRAY_LEN(daemon_names) && !script->daemon[0]; i++)
			(void)assignment(line, daemon_names[i], script->daemon,
					 sizeof(script->daemon));
	}
	expand(script->pidfile, sizeof(script->pidfile), "NAME", name);
	expand(script->daemon, sizeof(script->daemon), "NAME", name);
	/* What still holds shell is not a path we know. */
	if (strchr(script->pidfile, '$') || script->pidfile[0] != '/')
		script->pidfile[0] = '\0';
	if (strchr(script->daemon, '$'))
		script->daemon[0] = '\0';
}

/* The first pid file there is; its name goes to script->pidfile. */
static pid_t find_pidfile(const struct host *host, struct script *script)
{
	char places[3][300];
	pid_t pid = script->pidfile[0] ? service_read_pid(host, script->pidfile) : -ENOENT;

	text_format(places[0], sizeof(places[0]), "/run/%s.pid", script->name);
	text_format(places[1], sizeof(places[1]), "/run/%s/%s.pid", script->name, script->name);
	text_format(places[2], sizeof(places[2]), "/var/run/%s.pid", script->name);
	for (size_t i = 0; pid < 0 && i < ARRAY_LEN(places); i++) {
		pid = service_read_pid(host, places[i]);
		if (pid >= 0)
			text_format(script->pidfile, sizeof(script->pidfile), "%s", places[i]);
	}
	return pid;
}

static const struct program *find_daemon(const struct programs *programs,
					 const struct script *script)
{
	const char *slash = strrchr(script->daemon, '/');
	const char *base = slash ? slash + 1 : script->daemon;
	const struct program *program = *base ? programs_next(programs, base, NULL) : NULL;

	return program ? program : programs_next(programs, script->name, NULL);
}

/* At which run levels a link starts it: "2345", "" if none. */
static void find_levels(const struct host *host, const char *name, char levels_out[8])
{
	size_t n = 0;

	for (int level = '2'; level <= '5'; level++) {
		bool is_enabled = false;

		for (size_t i = 0; i < 2 && !is_enabled; i++) {
			CLEANUP(json) json_t *links = NULL;
			char path[64];
			const json_t *link;
			size_t j;

			text_format(path, sizeof(path), "etc/%src%c.d", i ? "rc.d/" : "", level);
			links = host_list(host, path, 1024);
			json_array_foreach(links, j, link)
			{
				const char *text = json_string_value(link);

				if (strlen(text) > 3 && text[0] == 'S' &&
				    strcmp(text + 3, name) == 0)
					is_enabled = true;
			}
		}
		if (is_enabled)
			levels_out[n++] = level;
	}
	levels_out[n] = '\0';
}

static void judge(json_t *unit, const struct programs *programs, const struct script *script,
		  pid_t pid)
{
	const struct program *program = pid > 0 ? programs_find_pid(programs, pid) : NULL;
	const char *active = "inactive", *sub = "dead";

	if (!program)
		program = find_daemon(programs, script);
	if (program) {
		active = "active";
		sub = "running";
		json_put(unit, "main_pid", json_integer(program->pid));
		json_put(unit, "since_s_ago", json_integer((json_int_t)program->age_s));
	} else if (pid > 0) {
		/* It was started and is gone without taking its pid file along. */
		active = "failed";
		sub = "stale-pid-file";
		json_put(unit, "stale_pid", json_integer(pid));
	}
	json_put(unit, "active", json_string(active));
	json_put(unit, "sub", json_string(sub));
}

static json_t *read_unit(const struct host *host, const struct programs *programs, const char *name)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct script script = { 0 };
	char path[256], levels[8];
	json_t *unit;
	pid_t pid;

	text_format(path, sizeof(path), "etc/init.d/%s", name);
	text_format(script.name, sizeof(script.name), "%s", name);
	buf_init(&text, SCRIPT_MAX_BYTES);
	if (host_read_buf(host, path, &text) < 0)
		return NULL;
	parse_script(buf_text(&text), &script);
	pid = find_pidfile(host, &script);
	find_levels(host, name, levels);
	unit = json_pack("{s:s, s:s, s:o, s:s}", "name", name, "load", "loaded", "description",
			 json_text(script.description, strlen(script.description)), "run_levels",
			 levels);
	if (script.pidfile[0])
		json_put(unit, "pid_file", json_text(script.pidfile, strlen(script.pidfile)));
	if (script.daemon[0])
		json_put(unit, "program", json_text(script.daemon, strlen(script.daemon)));
	judge(unit, programs, &script, pid);
	return unit;
}

static bool is_boot_script(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(boot_scripts); i++)
		if (strcmp(name, boot_scripts[i]) == 0)
			return true;
	return strstr(name, ".dpkg-") != NULL;
}

json_t *service_sysv_units(const struct host *host, const struct programs *programs)
{
	CLEANUP(json) json_t *names = host_list(host, "etc/init.d", SERVICE_MAX_UNITS);
	json_t *units = json_array();
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		json_t *unit = is_boot_script(text) ? NULL : read_unit(host, programs, text);

		if (unit)
			json_push(units, unit);
	}
	return units;
}
