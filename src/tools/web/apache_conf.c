#include "tools/web/apache_conf.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/pattern.h"
#include "tools/web/conf_error.h"

#define MAX_DEPTH 16
#define LINE_MAX_BYTES 4096

static void read_file(struct apache_conf *conf, const char *path);

static void define(struct apache_conf *conf, struct str name, struct str value)
{
	struct apache_define *slot = &conf->defines[conf->n_defines];

	if (conf->n_defines == APACHE_CONF_MAX_DEFINES) {
		conf->truncated = true;
		return;
	}
	str_copy(name, slot->name, sizeof(slot->name));
	str_copy(value, slot->value, sizeof(slot->value));
	conf->n_defines++;
}

static const char *defined(const struct apache_conf *conf, struct str name)
{
	for (size_t i = conf->n_defines; i-- > 0;)
		if (str_is(name, conf->defines[i].name))
			return conf->defines[i].value;
	return NULL;
}

/* Replaces ${NAME} where NAME is defined; anything else stays. */
static void expand(const struct apache_conf *conf, struct str text, char *out, size_t size)
{
	const char *at = text.data, *end = text.data + text.len;
	size_t len = 0;

	while (at < end && len + 1 < size) {
		const char *close = end - at > 2 && at[0] == '$' && at[1] == '{'
					    ? memchr(at, '}', (size_t)(end - at))
					    : NULL;
		const char *value =
			close ? defined(conf, (struct str) { at + 2, (size_t)(close - at - 2) })
			      : NULL;

		if (!value) {
			out[len++] = *at++;
			continue;
		}
		text_format(out + len, size - len, "%s", value);
		len += strlen(out + len);
		at = close + 1;
	}
	out[len] = '\0';
}

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void complain(struct apache_conf *conf, const char *file, unsigned line, const char *text)
{
	conf_error_add(conf->errors, file, line, text);
}

/* The first argument without its quotes. */
static struct str first_argument(const char *at)
{
	size_t len;

	at += strspn(at, " \t");
	if (*at == '"' || *at == '\'') {
		char quotes[2] = { *at, '\0' };

		len = strcspn(at + 1, quotes);
		return (struct str) { at + 1, len };
	}
	len = strcspn(at, " \t>");
	return (struct str) { at, len };
}

/* What follows the first; its closing quote is no part of it. */
static struct str second_argument(struct str first)
{
	const char *at = first.data + first.len;

	return first_argument(at + (*at == '"' || *at == '\''));
}

static void follow_include(struct apache_conf *conf, const struct apache_directive *directive)
{
	CLEANUP(json) json_t *paths = NULL;
	const json_t *entry;
	char pattern[PATH_MAX];
	size_t i;

	if (!conf->host)
		return;
	apache_conf_path(conf, directive->value, pattern, sizeof(pattern));
	paths = host_match(conf->host, pattern, APACHE_CONF_MAX_FILES);
	if (!json_array_size(paths) && strcasecmp(directive->name, "Include") == 0)
		complain(conf, directive->file, directive->line,
			 "the included file does not exist");
	json_array_foreach(paths, i, entry) read_file(conf, json_string_value(entry));
}

static void add_directive(struct apache_conf *conf, const char *file, unsigned line,
			  const char *text)
{
	struct apache_directive *directive = &conf->directives[conf->n];
	size_t len = strcspn(text, " \t");
	char name[128], value[LINE_MAX_BYTES], second[LINE_MAX_BYTES];
	struct str argument = first_argument(text + len);

	if (conf->n == APACHE_CONF_MAX_DIRECTIVES) {
		conf->truncated = true;
		return;
	}
	str_copy((struct str) { text, len }, name, sizeof(name));
	expand(conf, argument, value, sizeof(value));
	expand(conf, second_argument(argument), second, sizeof(second));
	*directive = (struct apache_directive) { copy_text(name), copy_text(value),
						 copy_text(second), copy_text(file), line };
	conf->n++;
	if (strcasecmp(name, "Define") == 0)
		define(conf, (struct str) { value, strlen(value) }, second_argument(argument));
	if (strcasecmp(name, "ServerRoot") == 0 && value[0] == '/')
		text_format(conf->root, sizeof(conf->root), "%s", value);
	if (strcasecmp(name, "Include") == 0 || strcasecmp(name, "IncludeOptional") == 0)
		follow_include(conf, directive);
}

/* Joins lines that end in '\'; returns false at the end of the text. */
static bool next_line(const char **at, char line[LINE_MAX_BYTES], unsigned *number)
{
	size_t len = 0;
	struct str part;

	for (;;) {
		bool continues;

		if (!scan_line(at, &part))
			return len > 0;
		++*number;
		while (part.len && isspace((unsigned char)part.data[part.len - 1]))
			part.len--;
		while (part.len && isspace((unsigned char)*part.data))
			part.data++, part.len--;
		continues = part.len && part.data[part.len - 1] == '\\';
		if (len + part.len + 1 < LINE_MAX_BYTES) {
			memcpy(line + len, part.data, part.len - continues);
			len += part.len - continues;
		}
		line[len] = '\0';
		if (!continues)
			return true;
	}
}

static void read_text(struct apache_conf *conf, const char *file, const char *text)
{
	char line[LINE_MAX_BYTES];
	unsigned number = 0, n_open = 0;

	while (next_line(&text, line, &number)) {
		if (line[0] == '<' && line[1] == '/') {
			if (n_open)
				n_open--;
			else
				complain(conf, file, number,
					 "a section is closed that was not opened");
		} else if (line[0] == '<') {
			n_open++;
			add_directive(conf, file, number, line + 1);
		} else if (line[0] && line[0] != '#') {
			add_directive(conf, file, number, line);
		}
	}
	if (n_open)
		complain(conf, file, number, "a section is not closed");
}

static void read_file(struct apache_conf *conf, const char *path)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (conf->n_files++ == APACHE_CONF_MAX_FILES || conf->depth == MAX_DEPTH) {
		conf->truncated = true;
		return;
	}
	buf_init(&text, APACHE_CONF_FILE_MAX_BYTES);
	r = host_read_buf(conf->host, path + 1, &text);
	if (r < 0) {
		json_push(conf->unread, json_pack("{s:o, s:i}", "path",
						  json_text(path, strlen(path)), "code", r));
		return;
	}
	conf->depth++;
	read_text(conf, path, buf_text(&text));
	conf->depth--;
}

static void define_variable(struct apache_conf *conf, struct str name, struct str raw)
{
	static const char suffix[] = "$SUFFIX";
	char value[256];
	char *at;

	str_copy(raw, value, sizeof(value));
	at = strstr(value, suffix);
	if (at)
		memmove(at, at + strlen(suffix), strlen(at + strlen(suffix)) + 1);
	define(conf, name, (struct str) { value, strlen(value) });
}

/* Debian's envvars: "export NAME=value", $SUFFIX empty for the main instance. */
static void read_variables(struct apache_conf *conf)
{
	char path[600], text[16 * KIB];
	const char *at = text;
	struct str line;

	text_format(path, sizeof(path), "%s/envvars", conf->root + 1);
	if (host_read(conf->host, path, text, sizeof(text)) < 0)
		return;
	while (scan_line(&at, &line)) {
		const char *name = line.data, *equals, *end = line.data + line.len;

		if (!scan_text(&name, "export "))
			continue;
		equals = memchr(name, '=', (size_t)(end - name));
		if (equals)
			define_variable(conf, (struct str) { name, (size_t)(equals - name) },
					(struct str) { equals + 1, (size_t)(end - equals - 1) });
	}
	conf->n_variables = conf->n_defines;
}

static void begin(struct apache_conf *conf)
{
	conf->errors = json_array();
	conf->unread = json_array();
	conf->directives = calloc(APACHE_CONF_MAX_DIRECTIVES, sizeof(*conf->directives));
	if (!conf->directives)
		abort();
}

void apache_conf_load(struct apache_conf *conf, const struct host *host, const char *path)
{
	const char *slash = strrchr(path, '/');

	begin(conf);
	conf->host = host;
	text_format(conf->root, sizeof(conf->root), "%.*s", (int)(slash - path), path);
	/* Red Hat's file lies one folder below its root and says so itself. */
	read_variables(conf);
	read_file(conf, path);
}

void apache_conf_parse(struct apache_conf *conf, const char *name, const char *text)
{
	begin(conf);
	read_text(conf, name, text);
}

void apache_conf_cleanup(struct apache_conf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		free(conf->directives[i].name);
		free(conf->directives[i].value);
		free(conf->directives[i].second);
		free(conf->directives[i].file);
	}
	free(conf->directives);
	json_decref(conf->errors);
	json_decref(conf->unread);
}

int apache_conf_next(const struct apache_conf *conf, const char *name, int previous)
{
	for (size_t i = (size_t)(previous + 1); i < conf->n; i++)
		if (strcasecmp(conf->directives[i].name, name) == 0)
			return (int)i;
	return -1;
}

void apache_conf_path(const struct apache_conf *conf, const char *path, char *text, size_t size)
{
	text_format(text, size, "%s%s%s", path[0] == '/' ? "" : conf->root,
		    path[0] == '/' ? "" : "/", path);
}
