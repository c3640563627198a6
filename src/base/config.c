#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/fd.h"
#include "base/yaml.h"

static void put(struct config_value *value, const char *text, const char *source)
{
	free(value->text);
	value->text = strdup(text);
	if (!value->text)
		abort();
	text_format(value->source, sizeof(value->source), "%s", source);
}

void config_init(struct config *config, const struct config_key *keys)
{
	*config = (struct config) { .keys = keys };
	for (size_t i = 0; keys[i].name; i++)
		put(&config->values[i], keys[i].otherwise, "default");
}

void config_finish(struct config *config)
{
	for (size_t i = 0; i < CONFIG_MAX_KEYS; i++) {
		free(config->values[i].text);
		config->values[i].text = NULL;
	}
}

void config_cleanup(struct config *config)
{
	config_finish(config);
}

/* Which of "a|b|c" a word is, or -1; case does not count, nor does "warning" for "warn". */
static int find_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);

	if (strcasecmp(word, "warning") == 0)
		n = strlen("warn");
	for (int i = 0; *choices; i++) {
		size_t len = strcspn(choices, "|");

		if (len == n && strncasecmp(choices, word, n) == 0)
			return i;
		choices += len + (choices[len] == '|');
	}
	return -1;
}

static bool is_line(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return true;
}

static bool is_count(const char *text)
{
	return *text && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text);
}

/* 0, or -EINVAL with what the value should be. */
static int check(const struct config_key *key, const char *text, struct error *err)
{
	uint64_t ns;

	if (strlen(text) >= CONFIG_VALUE_BYTES)
		return error_set(err, -EINVAL, "the value is too long");
	switch (key->type) {
	case CONFIG_PATH:
		return text[0] == '/' || (!*text && !*key->otherwise)
			       ? 0
			       : error_set(err, -EINVAL, "'%s' is no absolute path", text);
	case CONFIG_CHOICE:
		return find_choice(key->choices, text) >= 0
			       ? 0
			       : error_set(err, -EINVAL, "'%s' is none of %s", text, key->choices);
	case CONFIG_DURATION:
		return duration_from_text(text, &ns) && ns
			       ? 0
			       : error_set(err, -EINVAL,
					   "'%s' is no duration; write 90s, 15m or 2h", text);
	case CONFIG_COUNT:
		return is_count(text) ? 0
				      : error_set(err, -EINVAL, "'%s' is no whole number", text);
	case CONFIG_TEXT:
		return is_line(text) ? 0 : error_set(err, -EINVAL, "the text is not one line");
	}
	return 0;
}

static int find_key(const struct config *config, const char *name)
{
	for (int i = 0; config->keys[i].name; i++)
		if (strcmp(config->keys[i].name, name) == 0)
			return i;
	return -1;
}

int config_set(struct config *config, const char *name, const char *text, const char *source,
	       struct error *err)
{
	int i = find_key(config, name);

	if (i < 0)
		return error_set(err, -ENOENT, "%s: no key '%s'; 'constable config' lists them",
				 source, name);
	if (check(&config->keys[i], text, err) < 0)
		return error_wrap(err, "%s: %s", source, name);
	put(&config->values[i], text, source);
	return 0;
}

static int set_from_yaml(struct config *config, const struct yaml *yaml, const char *name,
			 const json_t *value, struct error *err)
{
	char source[512], pointer[256], number[32];
	const char *text = json_string_value(value);

	text_format(pointer, sizeof(pointer), "/%s", name);
	text_format(source, sizeof(source), "%.400s:%u", yaml->name, yaml_line(yaml, pointer));
	if (json_is_integer(value)) {
		text_format(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	if (!text)
		return error_set(err, -EINVAL, "%s: %s: expected one word or number", source, name);
	return config_set(config, name, text, source, err) < 0 ? -EINVAL : 0;
}

/* Only blank lines and comments: YAML has no document there. */
static bool has_no_document(const char *text, size_t len)
{
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;
		size_t blanks = 0;

		while (blanks < n && strchr(" \t\r", text[blanks]) && text[blanks])
			blanks++;
		if (blanks < n && text[blanks] != '#')
			return false;
		text += n + (newline != NULL);
		len -= n + (newline != NULL);
	}
	return true;
}

int config_parse(struct config *config, const char *name, const char *text, size_t len,
		 struct error *err)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	const char *key;
	json_t *value;
	int r;

	if (has_no_document(text, len))
		return 0;
	r = yaml_parse(&yaml, name, (struct str) { text, len }, err);
	if (r < 0)
		return r;
	if (!json_is_object(yaml.root))
		return error_set(err, -EINVAL, "%s:1: expected lines of the form 'key: value'",
				 name);
	json_object_foreach(yaml.root, key, value)
	{
		r = set_from_yaml(config, &yaml, key, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_owner(int fd, const char *path, struct error *err)
{
	struct stat about;

	if (fstat(fd, &about) < 0)
		return error_errno(err, "look at '%s'", path);
	if (!S_ISREG(about.st_mode))
		return error_set(err, -EINVAL, "'%s' is no regular file", path);
	if ((about.st_uid != 0 && about.st_uid != geteuid()) || (about.st_mode & 022))
		return error_set(err, -EPERM,
				 "'%s' could have been written by others: chown it to root and "
				 "chmod it to 0644",
				 path);
	return 0;
}

int config_add_file(struct config *config, const char *path, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0
							   : error_errno(err, "open '%s'", path);
	r = check_owner(fd, path, err);
	if (r < 0)
		return r;
	buf_init(&text, CONFIG_FILE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped)
		return error_set(err, r < 0 ? r : -E2BIG, "cannot read '%s'", path);
	return config_parse(config, path, buf_text(&text), text.len, err);
}

/* Our own variable wins over the seeds'. */
static int add_variable(struct config *config, const struct config_key *key, const char *variable,
			struct error *err)
{
	const char *text = variable ? getenv(variable) : NULL;

	return text && *text ? config_set(config, key->name, text, variable, err) : 0;
}

int config_add_environment(struct config *config, struct error *err)
{
	for (const struct config_key *key = config->keys; key->name; key++) {
		int r = 0;

		for (size_t i = CONFIG_MAX_ALIASES; r == 0 && i-- > 0;)
			r = add_variable(config, key, key->aliases[i], err);
		if (r == 0)
			r = add_variable(config, key, key->variable, err);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct config_value *config_get(const struct config *config, const char *name)
{
	int i = find_key(config, name);

	if (i < 0)
		abort(); /* only names from the table are asked for */
	return &config->values[i];
}

uint64_t config_get_ns(const struct config *config, const char *name)
{
	uint64_t ns = 0;

	(void)duration_from_text(config_get(config, name)->text, &ns); /* was checked */
	return ns;
}

uint64_t config_get_count(const struct config *config, const char *name)
{
	return strtoull(config_get(config, name)->text, NULL, 10);
}

int config_get_choice(const struct config *config, const char *name)
{
	const char *choices = config->keys[find_key(config, name)].choices;

	return find_choice(choices, config_get(config, name)->text);
}

const char *config_type_name(const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_PATH:
		return "path";
	case CONFIG_CHOICE:
		return key->choices;
	case CONFIG_DURATION:
		return "duration";
	case CONFIG_COUNT:
		return "number";
	case CONFIG_TEXT:
		return "text";
	}
	return "";
}
