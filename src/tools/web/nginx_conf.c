#include "tools/web/nginx_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/pattern.h"
#include "tools/web/conf_error.h"

#define MAX_WORDS 256

/* One file while it is read; the text is changed in place: words get their NUL there. */
struct reader {
	struct nginx_conf *conf;
	const char *file;
	char *at;
	unsigned line;
	int stack[NGINX_CONF_MAX_DEPTH * 2]; /* enclosing blocks */
	size_t n_stack;
	size_t n_floor; /* blocks that were open before this file */
};

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_SEMICOLON,
	TOKEN_OPEN,
	TOKEN_CLOSE
};

static void read_file(struct nginx_conf *conf, const char *path, const struct reader *outer);

static void complain(struct reader *reader, unsigned line, const char *text)
{
	conf_error_add(reader->conf->errors, reader->file, line, text);
}

static void skip_blanks(struct reader *reader)
{
	for (;; reader->at++) {
		if (*reader->at == '#')
			reader->at += strcspn(reader->at, "\n");
		if (*reader->at == '\n')
			reader->line++;
		if (!*reader->at || !strchr(" \t\r\n", *reader->at))
			return;
	}
}

/* Copies the character at 'from', escapes undone; returns where the next begins. */
static char *copy_character(struct reader *reader, char *from, char **to)
{
	if (*from == '\\' && from[1]) {
		static const char escapes[] = "\"\"''\\\\t\tr\rn\n";

		for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
			if (from[1] == escapes[i]) {
				*(*to)++ = escapes[i + 1];
				return from + 2;
			}
		*(*to)++ = *from++;
	}
	if (*from == '\n')
		reader->line++;
	*(*to)++ = *from;
	return from + 1;
}

static char *read_quoted(struct reader *reader)
{
	unsigned line = reader->line;
	char quote = *reader->at, *word = reader->at, *to = word, *from = word + 1;

	while (*from && *from != quote)
		from = copy_character(reader, from, &to);
	if (*from)
		from++;
	else
		complain(reader, line, "a quoted string is not closed");
	reader->at = from;
	*to = '\0';
	return word;
}

/*
 * A bare word ends before a blank or one of ";{}", save the braces of ${name}.
 * Its NUL would hide that character, so it goes to 'ended_by_out'.
 */
static char *read_bare(struct reader *reader, char *ended_by_out)
{
	char *word = reader->at, *to = word, *from = word;
	bool in_variable = false;

	while (*from && !strchr(" \t\r\n;", *from)) {
		if (*from == '{' && from > word && from[-1] == '$')
			in_variable = true;
		else if (*from == '{' || (*from == '}' && !in_variable))
			break;
		else if (*from == '}')
			in_variable = false;
		from = copy_character(reader, from, &to);
	}
	*ended_by_out = *from;
	reader->at = from;
	*to = '\0';
	return word;
}

/* 'pending' is the character a word's NUL has overwritten, or 0. */
static enum token next_token(struct reader *reader, char *pending, char **word_out)
{
	char c = *pending;

	*pending = '\0';
	if (!c || strchr(" \t\r\n", c)) {
		if (c == '\n')
			reader->line++;
		if (c)
			reader->at++;
		skip_blanks(reader);
		c = *reader->at;
	}
	switch (c) {
	case '\0':
		return TOKEN_END;
	case ';':
		reader->at++;
		return TOKEN_SEMICOLON;
	case '{':
		reader->at++;
		return TOKEN_OPEN;
	case '}':
		reader->at++;
		return TOKEN_CLOSE;
	case '"':
	case '\'':
		*word_out = read_quoted(reader);
		return TOKEN_WORD;
	default:
		*word_out = read_bare(reader, pending);
		return TOKEN_WORD;
	}
}

static int add_directive(struct reader *reader, char **words, size_t n_words, unsigned line)
{
	struct nginx_conf *conf = reader->conf;
	struct nginx_directive *directive = &conf->directives[conf->n];

	if (conf->n == NGINX_CONF_MAX_DIRECTIVES) {
		conf->truncated = true;
		return -1;
	}
	directive->words = calloc(n_words + 1, sizeof(*words));
	if (!directive->words)
		abort();
	memcpy(directive->words, words, n_words * sizeof(*words));
	directive->n_words = n_words;
	directive->file = reader->file;
	directive->line = line;
	directive->parent = reader->n_stack ? reader->stack[reader->n_stack - 1] : -1;
	return (int)conf->n++;
}

static void follow_include(struct reader *reader, const char *target, unsigned line)
{
	struct nginx_conf *conf = reader->conf;
	CLEANUP(json) json_t *paths = NULL;
	const json_t *path;
	char pattern[4096];
	size_t i;

	if (!conf->host)
		return;
	text_format(pattern, sizeof(pattern), "%s%s%s", target[0] == '/' ? "" : conf->prefix,
		    target[0] == '/' ? "" : "/", target);
	paths = host_match(conf->host, pattern, NGINX_CONF_MAX_FILES);
	if (!json_array_size(paths) && !strpbrk(target, "*?[")) {
		char text[4200];

		text_format(text, sizeof(text), "the included file %s does not exist", pattern);
		complain(reader, line, text);
	}
	json_array_foreach(paths, i, path) read_file(conf, json_string_value(path), reader);
}

/* Lua code is no configuration: goes to its closing brace. */
static void skip_code(struct reader *reader)
{
	unsigned depth = 1;

	for (; *reader->at; reader->at++) {
		if (*reader->at == '\n')
			reader->line++;
		if (*reader->at == '{')
			depth++;
		if (*reader->at == '}' && --depth == 0) {
			reader->at++;
			return;
		}
	}
}

static void open_block(struct reader *reader, char **words, size_t n_words, unsigned line)
{
	int block = n_words ? add_directive(reader, words, n_words, line) : -1;

	if (!n_words)
		complain(reader, reader->line, "unexpected \"{\"");
	if (n_words && strstr(words[0], "_by_lua_block")) {
		skip_code(reader);
		return;
	}
	if (reader->n_stack == ARRAY_LEN(reader->stack)) {
		complain(reader, line, "blocks are nested too deep");
		skip_code(reader);
		return;
	}
	reader->stack[reader->n_stack++] = block;
}

static void close_block(struct reader *reader, size_t n_words)
{
	if (n_words)
		complain(reader, reader->line, "unexpected \"}\": the line before lacks a \";\"");
	if (reader->n_stack > reader->n_floor)
		reader->n_stack--;
	else
		complain(reader, reader->line, "unexpected \"}\"");
}

static void read_directives(struct reader *reader)
{
	char *words[MAX_WORDS], pending = '\0';
	unsigned line = 1;
	size_t n_words = 0;

	for (;;) {
		char *word = NULL;
		enum token token = next_token(reader, &pending, &word);

		if (token == TOKEN_WORD) {
			if (!n_words)
				line = reader->line;
			if (n_words < MAX_WORDS)
				words[n_words++] = word;
			continue;
		}
		if (token == TOKEN_SEMICOLON && n_words) {
			(void)add_directive(reader, words, n_words, line);
			if (n_words == 2 && strcmp(words[0], "include") == 0)
				follow_include(reader, words[1], line);
		} else if (token == TOKEN_SEMICOLON) {
			complain(reader, reader->line, "unexpected \";\"");
		} else if (token == TOKEN_OPEN) {
			open_block(reader, words, n_words, line);
		} else if (token == TOKEN_CLOSE) {
			close_block(reader, n_words);
		} else {
			break;
		}
		n_words = 0;
	}
	if (n_words || reader->n_stack > reader->n_floor)
		complain(reader, reader->line,
			 n_words ? "unexpected end of file, expecting \";\""
				 : "unexpected end of file, expecting \"}\"");
}

static void read_text(struct nginx_conf *conf, const char *name, char *text,
		      const struct reader *outer)
{
	struct reader reader = { .conf = conf, .at = text, .line = 1 };

	if (outer) {
		memcpy(reader.stack, outer->stack, sizeof(reader.stack));
		reader.n_stack = reader.n_floor = outer->n_stack;
	}
	conf->texts[conf->n_texts] = text;
	conf->names[conf->n_texts] = strdup(name);
	if (!conf->names[conf->n_texts])
		abort();
	reader.file = conf->names[conf->n_texts++];
	read_directives(&reader);
}

static void read_file(struct nginx_conf *conf, const char *path, const struct reader *outer)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (conf->n_texts == NGINX_CONF_MAX_FILES || conf->depth == NGINX_CONF_MAX_DEPTH) {
		conf->truncated = true;
		return;
	}
	buf_init(&text, NGINX_CONF_FILE_MAX_BYTES);
	r = host_read_buf(conf->host, path + 1, &text);
	if (r < 0) {
		json_push(conf->unread, json_pack("{s:o, s:i}", "path",
						  json_text(path, strlen(path)), "code", r));
		return;
	}
	conf->truncated |= text.dropped != 0;
	conf->depth++;
	read_text(conf, path, text.data, outer);
	text.data = NULL; /* the configuration owns it now */
	conf->depth--;
}

static void begin(struct nginx_conf *conf)
{
	conf->errors = json_array();
	conf->unread = json_array();
	conf->directives = calloc(NGINX_CONF_MAX_DIRECTIVES, sizeof(*conf->directives));
	if (!conf->directives)
		abort();
}

void nginx_conf_load(struct nginx_conf *conf, const struct host *host, const char *path)
{
	char prefix[4096];
	char *slash;

	begin(conf);
	conf->host = host;
	text_format(prefix, sizeof(prefix), "%s", path);
	slash = strrchr(prefix, '/');
	if (slash)
		*slash = '\0';
	conf->prefix = prefix;
	read_file(conf, path, NULL);
	conf->prefix = NULL;
}

void nginx_conf_parse(struct nginx_conf *conf, const char *name, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (!copy)
		abort();
	begin(conf);
	read_text(conf, name, copy, NULL);
}

void nginx_conf_cleanup(struct nginx_conf *conf)
{
	for (size_t i = 0; i < conf->n; i++)
		free(conf->directives[i].words);
	for (size_t i = 0; i < conf->n_texts; i++) {
		free(conf->texts[i]);
		free(conf->names[i]);
	}
	free(conf->directives);
	json_decref(conf->errors);
	json_decref(conf->unread);
}

int nginx_conf_next(const struct nginx_conf *conf, const char *name, int previous)
{
	for (size_t i = (size_t)(previous + 1); i < conf->n; i++)
		if (strcmp(conf->directives[i].words[0], name) == 0)
			return (int)i;
	return -1;
}

const char *nginx_conf_get(const struct nginx_conf *conf, int block, const char *name)
{
	for (;; block = conf->directives[block].parent) {
		for (size_t i = 0; i < conf->n; i++)
			if (conf->directives[i].parent == block &&
			    conf->directives[i].n_words > 1 &&
			    strcmp(conf->directives[i].words[0], name) == 0)
				return conf->directives[i].words[1];
		if (block < 0)
			return NULL;
	}
}
