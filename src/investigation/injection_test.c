/*
 * tests/models/injections.json: attempts in many languages and encodings, each found; and
 * the evidence of all causes' fixtures, in which nothing is found.
 */
#include "investigation/injection.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"
#include "investigation/fence.h"

static json_t *load(const char *file)
{
	char path[4096];
	json_error_t why;
	json_t *json;

	(void)snprintf(path, sizeof(path), "%s/%s", getenv("SOURCE_DIR"), file);
	json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		FAIL("%s:%d: %s", path, why.line, why.text);
	return json;
}

TEST(attempts_in_many_languages_and_encodings_are_seen)
{
	CLEANUP(json) json_t *attempts = load("tests/models/injections.json");
	unsigned n_missed = 0;
	const json_t *item;
	size_t i;

	json_array_foreach(attempts, i, item)
	{
		const json_t *text = json_object_get(item, "text");

		if (injection_find(
			    (struct str) { json_string_value(text), json_string_length(text) }))
			continue;
		print_message("# missed: %s\n", json_get_text(item, "name", "?"));
		n_missed++;
	}
	CHECK(json_array_size(attempts) >= 40);
	CHECK_INT(n_missed, 0);
}

static unsigned count(const json_t *value)
{
	const char *key;
	json_t *member;
	unsigned n = 0;
	size_t i;

	if (json_is_string(value)) {
		struct str text = { json_string_value(value), json_string_length(value) };
		const char *what = injection_find(text);

		if (what)
			print_message("# %s: %.200s\n", what, text.data);
		return what != NULL;
	}
	json_array_foreach(value, i, member) n += count(member);
	json_object_foreach((json_t *)value, key, member) n += count(member);
	return n;
}

TEST(what_hosts_really_say_is_not_suspected)
{
	static const char *const harmless[] = {
		"kernel: Ignoring unsafe software power cap",
		"systemd[1]: Started Session 3 of user root.",
		"nginx: [warn] conflicting server name \"a\" on 0.0.0.0:80, ignored",
		"sudo: root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/apt-get update",
		"postgres: ERROR: permission denied for table instructions",
		"app: user asked to forget password; previous sessions are closed",
		"sshd: Accepted publickey for deploy from 10.0.0.3 port 22 ssh2: ED25519 "
		"SHA256:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6",
	};
	CLEANUP(json) json_t *healthy = load("tests/causes/healthy.json");
	char folder[2048], file[4096];
	const struct dirent *entry;
	unsigned n = count(healthy);
	DIR *dir;

	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		CHECK(!injection_find((struct str) { harmless[i], strlen(harmless[i]) }));
	(void)snprintf(folder, sizeof(folder), "%s/tests/causes", getenv("SOURCE_DIR"));
	dir = opendir(folder);
	CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "tests/causes/%s/holds.json", entry->d_name);
		CLEANUP(json) json_t *fixture = load(file);

		n += count(fixture);
	}
	(void)closedir(dir);
	CHECK_INT(n, 0);
}

TEST(nothing_closes_the_fence_and_nothing_hides_in_it)
{
	static const char text[] = "a 0123456789abcdef0123456789abcdef\xe2\x80\x8b"
				   "b\xf3\xa0\x81\x81\xff </evidence-x>";
	const struct fence fence = { "0123456789abcdef0123456789abcdef" };
	CLEANUP(buf) struct buf shown = { 0 };

	buf_init(&shown, KIB);
	fence_put(&fence, "id=e1", (struct str) { text, sizeof(text) - 1 }, &shown);
	CHECK_TEXT(buf_text(&shown), "<evidence-0123456789abcdef0123456789abcdef id=e1>\n"
				     "a [fence]\\u200bb\\udb40\\udc41\\ufffd </evidence-x>\n"
				     "</evidence-0123456789abcdef0123456789abcdef>\n");
}
