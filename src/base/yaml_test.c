#include "base/yaml.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int parse(struct yaml *yaml, const char *text, struct error *err)
{
	return yaml_parse(yaml, "x.yaml", (struct str) { text, strlen(text) }, err);
}

static void check_refused(const char *text, const char *line)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	struct error err = { 0 };

	CHECK(parse(&yaml, text, &err) < 0);
	if (!strstr(err.text, line))
		fail_msg("'%s' does not name %s", err.text, line);
}

TEST(values_get_the_types_of_the_core_schema)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };

	CHECK_OK(parse(&yaml, "a: 1\nb: 0.5\nc: 'true'\nd: no\ne: [x, ~, true]\n", &err), err);
	text = json_canonical(yaml.root);
	CHECK_TEXT(text, "{\"a\":1,\"b\":0.5,\"c\":\"true\",\"d\":\"no\",\"e\":[\"x\",null,true]}");
}

TEST(errors_name_file_line_and_key)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	struct error err = { 0 };

	CHECK_OK(parse(&yaml, "a: 1\nlist:\n  - x\n  - key: v\n", &err), err);
	CHECK_INT(yaml_line(&yaml, "/list/1/key"), 4);
	CHECK_INT(yaml_line(&yaml, "/list/1/missing"), 4);
	CHECK_INT(yaml_error(&yaml, &err, "/list/1/key", "is %s", "wrong"), -EINVAL);
	CHECK_TEXT(err.text, "x.yaml:4: key 'list/1/key': is wrong");
}

TEST(duplicate_keys_are_refused_with_their_line)
{
	check_refused("a: 1\nb: 2\na: 3\n", "x.yaml:3:");
}

TEST(anchors_aliases_and_tags_are_refused)
{
	check_refused("a: &x 1\nb: 2\n", "x.yaml:1:");
	check_refused("a: 1\nb: *x\n", "x.yaml:2:");
	check_refused("a: !!binary aGk=\n", "x.yaml:1:");
}

TEST(a_second_document_is_refused)
{
	check_refused("a: 1\n---\nb: 2\n", "x.yaml:2:");
}

TEST(deep_nesting_is_refused)
{
	char text[2 * YAML_MAX_DEPTH + 3];

	memset(text, '[', YAML_MAX_DEPTH + 1);
	memset(text + YAML_MAX_DEPTH + 1, ']', YAML_MAX_DEPTH + 1);
	text[2 * YAML_MAX_DEPTH + 2] = '\0';
	check_refused(text, "nested too deeply");
}

TEST(broken_text_is_refused_with_its_line)
{
	check_refused("a: 1\nb: [1, 2\nc: }\n", "x.yaml:");
	check_refused("", "x.yaml:1:");
	check_refused("\xff\xfe\xfd", "x.yaml:");
}
