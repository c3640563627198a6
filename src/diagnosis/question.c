#include "diagnosis/question.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Words that never name a service, however they stand in a sentence. */
static const char *const common[] = {
	"a",       "about", "again", "all",   "an",     "and",     "are",     "as",    "at",
	"be",      "been",  "but",   "by",    "can",    "cannot",  "check",   "did",   "do",
	"does",    "down",  "every", "find",  "for",    "from",    "get",     "has",   "have",
	"here",    "host",  "how",   "i",     "in",     "is",      "it",      "keeps", "like",
	"machine", "me",    "my",    "new",   "no",     "not",     "of",      "off",   "on",
	"or",      "our",   "out",   "over",  "please", "problem", "running", "seems", "server",
	"service", "slow",  "so",    "start", "still",  "system",  "tell",    "that",  "the",
	"there",   "this",  "to",    "unit",  "up",     "was",     "we",      "what",  "when",
	"where",   "which", "why",   "will",  "with",   "work",    "works",   "wrong",
};

static bool is_common(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (strcmp(common[i], word) == 0)
			return true;
	return false;
}

static void add_once(json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (strcmp(json_string_value(item), text) == 0) return;
	if (json_array_size(list) < QUESTION_MAX_SUBJECTS)
		json_push(list, json_text(text, strlen(text)));
}

static void add_port(json_t *asked, const char *digits)
{
	unsigned long port = strtoul(digits, NULL, 10);
	json_t *ports = json_object_get(asked, "ports");

	if (port > 0 && port < 65536 && json_array_size(ports) < QUESTION_MAX_SUBJECTS)
		json_push(ports, json_integer((json_int_t)port));
}

static bool is_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* "db.example.org", "10.1.2.3", "localhost"; a unit's suffix is not a domain. */
static bool is_host(const char *word)
{
	static const char *const units[] = { ".service", ".socket", ".timer", ".mount", ".target" };
	const char *dot = strchr(word, '.');

	if (strcmp(word, "localhost") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(word), suffix = strlen(units[i]);

		if (len > suffix && strcmp(word + len - suffix, units[i]) == 0)
			return false;
	}
	return dot && dot != word && dot[1] && !strchr(word, '/');
}

/* "name:8080" and ":8080" hide a port behind a host. */
static void split_port(json_t *asked, char *word)
{
	char *colon = strrchr(word, ':');

	if (!colon || !is_digits(colon + 1))
		return;
	add_port(asked, colon + 1);
	*colon = '\0';
}

static void add_word(json_t *asked, char *word, const char *before)
{
	json_t *words = json_object_get(asked, "words");

	if (word[0] == '/') {
		add_once(json_object_get(asked, "paths"), word);
		return;
	}
	split_port(asked, word);
	if (!*word)
		return;
	for (char *at = word; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (json_array_size(words) < 256)
		json_push(words, json_text(word, strlen(word)));
	if (is_digits(word)) {
		if (strcmp(before, "port") == 0)
			add_port(asked, word);
		return;
	}
	if (is_host(word))
		add_once(json_object_get(asked, "hosts"), word);
	else if (!is_common(word))
		add_once(json_object_get(asked, "names"), word);
}

/* The scheme of a URL is no part of its host, and what follows the host no path of ours. */
static void cut_url(char *word)
{
	char *scheme = strstr(word, "://");
	size_t len;

	if (!scheme)
		return;
	len = strlen(scheme + 3);
	memmove(word, scheme + 3, len + 1);
	word[strcspn(word, "/?#")] = '\0';
}

static bool is_word_byte(char byte)
{
	return isalnum((unsigned char)byte) || strchr("/._-@:+~", byte) || (byte & 0x80);
}

static void parse_words(json_t *asked, const char *text)
{
	char word[256], before[256] = "";
	const char *at = text;

	while (*at) {
		size_t len = 0;

		while (*at && !is_word_byte(*at))
			at++;
		for (; *at && is_word_byte(*at); at++)
			if (len + 1 < sizeof(word))
				word[len++] = *at;
		while (len && strchr(".,:-", word[len - 1]))
			len--;
		word[len] = '\0';
		cut_url(word);
		if (!*word)
			continue;
		add_word(asked, word, before);
		(void)snprintf(before, sizeof(before), "%s", word);
	}
}

/* The words with one blank around each, so that phrases are found by their borders. */
static json_t *flat_text(const json_t *words)
{
	CLEANUP(buf) struct buf flat = { 0 };
	const json_t *word;
	size_t i;

	buf_init(&flat, QUESTION_MAX_BYTES);
	json_array_foreach(words, i, word) buf_add_format(&flat, " %s", json_string_value(word));
	buf_add_text(&flat, " ");
	return json_text(buf_text(&flat), flat.len);
}

json_t *question_parse(const char *text, int64_t since_s)
{
	CLEANUP(buf) struct buf bounded = { 0 };
	CLEANUP(json) json_t *clean = NULL;
	json_t *asked = json_pack("{s:[], s:[], s:[], s:[], s:[], s:I}", "words", "paths", "hosts",
				  "ports", "names", "since_s", (json_int_t)since_s);

	if (!asked)
		abort();
	buf_init(&bounded, QUESTION_MAX_BYTES);
	buf_add_text(&bounded, text);
	clean = json_text(buf_text(&bounded), bounded.len);
	parse_words(asked, json_string_value(clean));
	json_put(asked, "text", flat_text(json_object_get(asked, "words")));
	return asked;
}

size_t question_count_words(const json_t *asked, const json_t *words)
{
	const char *text = json_get_text(asked, "text", " ");
	const json_t *word;
	size_t i, n = 0;

	json_array_foreach(words, i, word)
	{
		char begins[128];

		(void)snprintf(begins, sizeof(begins), " %.120s", json_string_value(word));
		if (strstr(text, begins))
			n++;
	}
	return n;
}
