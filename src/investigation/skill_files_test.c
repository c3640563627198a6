#include "investigation/skill_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

#define HEAD "---\nname: disk\ndescription: Where space went.\n"

static json_t *files_of(const char *path, const char *text)
{
	return json_pack("{s:s, s:o}", "SKILL.md", HEAD "---\n# Disk\n", path,
			 json_stringn_nocheck(text, strlen(text)));
}

static int join(struct skill *skill, json_t *files, struct error *err)
{
	int r = skill_from_files(skill, "disk", files, err);

	json_decref(files);
	return r;
}

TEST(a_skill_of_its_files_is_that_of_its_folder)
{
	CLEANUP(skill) struct skill skill = { 0 };
	struct error err = { 0 };

	CHECK_OK(join(&skill, files_of("references/deep/x.md", "more"), &err), err);
	CHECK_TEXT(skill.body, "# Disk\n");
	CHECK_TEXT(skill_file(&skill, "references/deep/x.md", &err), "more");
	CHECK_INT(json_object_size(skill.files), 1);
}

TEST(what_is_no_path_within_a_skill_is_refused)
{
	static const char *const paths[] = {
		"../x.md",     "references/../../x.md",
		"/etc/passwd", "",
		"references/", "a//b.md",
		".hidden",     "a/.git/config",
		"a/b/c/d",     "a\\b",
		"a\nb",        "references/./x.md",
		"..",          "\x7f",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CLEANUP(skill) struct skill skill = { 0 };
		struct error err = { 0 };

		if (join(&skill, files_of(paths[i], "x"), &err) != -EINVAL ||
		    !strstr(err.text, "no path within"))
			FAIL("'%s' gives '%s'", paths[i], err.text);
		CHECK(!skill.matter);
	}
}

TEST(what_is_no_text_or_too_large_is_refused)
{
	static char large[SKILL_FILE_MAX_BYTES + 2];
	struct error err = { 0 };
	CLEANUP(skill) struct skill skill = { 0 };
	CLEANUP(json) json_t *many = files_of("a", "x");
	CLEANUP(json) json_t *much = files_of("a", "x");
	char path[40];

	memset(large, 'x', SKILL_FILE_MAX_BYTES + 1);
	CHECK_INT(join(&skill, files_of("a", large), &err), -E2BIG);
	CHECK_INT(join(&skill, files_of("a", "\xff\xfe"), &err), -EBADMSG);
	CHECK_INT(join(&skill, json_pack("{s:s, s:i}", "SKILL.md", HEAD "---\n", "a", 7), &err),
		  -EBADMSG);
	CHECK_INT(join(&skill,
		       json_pack("{s:s, s:s%}", "SKILL.md", HEAD "---\n", "a", "x\0y", (size_t)3),
		       &err),
		  -EBADMSG);
	CHECK_INT(join(&skill, json_pack("{s:s}", "x.md", "x"), &err), -ENOENT);
	CHECK_INT(join(&skill, json_array(), &err), -ENOENT);
	for (int i = 0; i < SKILL_MAX_FILES; i++) {
		(void)snprintf(path, sizeof(path), "f%d", i);
		json_put(many, path, json_string("x"));
		json_put(much, path, json_string(i < 10 ? large + 1 : "x"));
	}
	CHECK_INT(skill_from_files(&skill, "disk", many, &err), -E2BIG);
	(void)json_object_del(much, "a");
	CHECK_INT(skill_from_files(&skill, "disk", much, &err), -E2BIG);
	CHECK(strstr(err.text, "512 KiB together"));
}

static json_t *named(const char *name, const char *body)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "---\nname: %s\ndescription: d\n---\n%s", name, body);
	return json_pack("{s:s}", "SKILL.md", text);
}

TEST(own_skills_join_and_take_the_place_of_ours)
{
	CLEANUP(skills) struct skills skills = { .n = 1 };
	CLEANUP(json)
	json_t *own = json_pack("{s:o, s:o, s:o}", "disk", named("disk", "theirs"), "shop",
				named("shop", "x"), "wrong", named("other", "x"));
	CLEANUP(json) json_t *joined = NULL;
	struct error err = { 0 };

	CHECK_OK(join(&skills.items[0], named("disk", "ours"), &err), err);
	joined = skills_join(&skills, own);
	CHECK_INT(skills.n, 2);
	CHECK_TEXT(skills_find(&skills, "disk")->body, "theirs");
	CHECK(skills_find(&skills, "disk")->is_own && skills_find(&skills, "shop")->is_own);
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(joined, "replaced"), 0)),
		   "disk");
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(joined, "own"), 0)), "shop");
	CHECK(strstr(
		json_get_text(json_array_get(json_object_get(joined, "left_out"), 0), "why", ""),
		"folder"));
}

TEST(one_skill_too_many_is_left_out_and_said)
{
	static struct skills skills;
	CLEANUP(json) json_t *own = json_object();
	CLEANUP(json) json_t *joined = NULL;
	char name[16];

	for (int i = 0; i <= SKILLS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		json_put(own, name, named(name, ""));
	}
	joined = skills_join(&skills, own);
	CHECK_INT(skills.n, SKILLS_MAX);
	CHECK_INT(json_array_size(json_object_get(joined, "left_out")), 1);
	skills_finish(&skills);
}

TEST(only_what_lies_below_scripts_and_names_its_interpreter_is_a_script)
{
	static char large[SKILL_SCRIPT_MAX_BYTES + 100];
	struct error err = { 0 };
	CLEANUP(skill) struct skill skill = { 0 };

	(void)snprintf(large, sizeof(large), "#!/bin/sh\n%0*d", (int)SKILL_SCRIPT_MAX_BYTES, 0);
	CHECK_OK(join(&skill,
		      json_pack("{s:s, s:s, s:s, s:s, s:s}", "SKILL.md", HEAD "---\n",
				"scripts/x.sh", "#!/bin/sh\n", "scripts/y", "echo", "z.sh",
				"#!/bin/sh\n", "scripts/large.sh", large),
		      &err),
		 err);
	CHECK_TEXT(skill_script(&skill, "scripts/x.sh", &err), "#!/bin/sh\n");
	CHECK(!skill_script(&skill, "scripts/y", &err) && err.code == -ENOEXEC);
	CHECK(!skill_script(&skill, "z.sh", &err) && err.code == -EINVAL);
	CHECK(!skill_script(&skill, "scripts/large.sh", &err) && err.code == -E2BIG);
	CHECK(!skill_script(&skill, "scripts/../z.sh", &err) && err.code == -ENOENT);
}

TEST(a_check_finds_what_is_not_mentioned_and_what_cannot_run)
{
	static const struct {
		const char *body, *path, *text, *words;
	} wrong[] = {
		{ "nothing", "references/x.md", "x", "does not mention" },
		{ "references/x.md references/y.md", "references/x.md", "x", "'references/y.md'" },
		{ "scripts/x.sh", "scripts/x.sh", "echo", "interpreter" },
		{ "scripts/x.sh, scripts/y.sh.", "scripts/x.sh", "#!/bin/sh", "'scripts/y.sh'" },
		{ "`get_x {}` x.md", "x.md", "x", "no tool 'get_x'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(skill) struct skill skill = { 0 };
		CLEANUP(json) json_t *catalogue = json_array();
		json_t *files = named("disk", wrong[i].body);
		struct error err = { 0 };

		json_put(files, wrong[i].path, json_string(wrong[i].text));
		CHECK_OK(join(&skill, files, &err), err);
		CHECK(skill_check(&skill, catalogue, &err) < 0);
		if (!strstr(err.text, wrong[i].words) || !strstr(err.text, "skill 'disk'"))
			FAIL("'%s' does not say '%s'", err.text, wrong[i].words);
	}
}
