#include "investigation/skill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

#define HEAD "---\nname: disk\ndescription: Where space went.\n"

static int parse(struct skill *skill, const char *text, struct error *err)
{
	return skill_parse(skill, "disk", (struct str) { text, strlen(text) }, err);
}

TEST(a_skill_has_front_matter_and_a_body)
{
	CLEANUP(skill) struct skill skill = { 0 };
	struct error err = { 0 };
	CLEANUP(json) json_t *tools = NULL;

	CHECK_OK(parse(&skill,
		       HEAD "allowed-tools: get_disk_usage  read_file\nmetadata:\n  version: 1.0\n"
			    "---\n# Disk\nFirst.\n",
		       &err),
		 err);
	tools = skill_tools(&skill);
	CHECK_TEXT(skill.name, "disk");
	CHECK_TEXT(skill_description(&skill), "Where space went.");
	CHECK_TEXT(skill.body, "# Disk\nFirst.\n");
	CHECK_INT(json_array_size(tools), 2);
	CHECK_TEXT(json_string_value(json_array_get(tools, 1)), "read_file");
	CHECK(skill_file(&skill, "SKILL.md", &err) == skill.body);
}

TEST(what_is_no_skill_is_refused_by_line_and_key)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "# Disk\n", "SKILL.md:1" },
		{ "", "SKILL.md:1" },
		{ "---\nname: disk\n", "does not end" },
		{ "---\nname: disk\n---\n", "description" },
		{ "---\ndescription: d\n---\n", "'name'" },
		{ HEAD "colour: blue\n---\n", "colour" },
		{ HEAD "metadata: [1]\n---\n", "metadata" },
		{ HEAD "metadata:\n  a: {b: c}\n---\n", "metadata" },
		{ "---\nname: disc\ndescription: d\n---\n", "folder" },
		{ "---\nname: Disk\ndescription: d\n---\n", "lower case" },
		{ "---\nname: di--sk\ndescription: d\n---\n", "hyphens" },
		{ "---\nname: -disk\ndescription: d\n---\n", "hyphens" },
		{ "---\nname: 7\ndescription: d\n---\n", "text" },
		{ "---\nname: disk\ndescription: \"\"\n---\n", "empty" },
		{ "---\n- name\n---\n", "mapping" },
		{ HEAD "license: &x y\n---\n", "SKILL.md" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(skill) struct skill skill = { 0 };
		struct error err = { 0 };

		CHECK(parse(&skill, wrong[i].text, &err) < 0);
		if (!strstr(err.text, wrong[i].words))
			FAIL("'%s' does not say '%s'", err.text, wrong[i].words);
	}
}

TEST(a_longer_description_or_body_than_may_be_is_refused)
{
	static char text[SKILL_FILE_MAX_BYTES + 100];
	CLEANUP(skill) struct skill skill = { 0 };
	struct error err = { 0 };

	(void)snprintf(text, sizeof(text), "---\nname: disk\ndescription: %0*d\n---\n",
		       SKILL_DESCRIPTION_MAX_BYTES + 1, 0);
	CHECK(parse(&skill, text, &err) < 0);
	(void)snprintf(text, sizeof(text), HEAD "---\n%0*d", (int)SKILL_FILE_MAX_BYTES, 0);
	CHECK(parse(&skill, text, &err) < 0);
}

struct folder {
	char path[64];
	int fd;
};

static struct folder folder_new(void)
{
	struct folder folder = { "/tmp/constable-skills.XXXXXX", -1 };

	CHECK(mkdtemp(folder.path));
	folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(folder.fd >= 0);
	CHECK(mkdirat(folder.fd, "disk", 0755) == 0);
	CHECK(mkdirat(folder.fd, "disk/references", 0755) == 0);
	CHECK(mkdirat(folder.fd, "notes", 0755) == 0);
	return folder;
}

static void write_text(const struct folder *folder, const char *name, const char *text)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
}

static void folder_cleanup(struct folder *folder)
{
	static const char *const files[] = { "disk/SKILL.md", "disk/references/x.md",
					     "disk/link.md", "notes/y.md" };
	static const char *const folders[] = { "disk/references", "disk", "notes" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(void)unlinkat(folder->fd, files[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		(void)unlinkat(folder->fd, folders[i], AT_REMOVEDIR);
	(void)close(folder->fd);
	(void)rmdir(folder->path);
}

TEST(a_folder_of_skills_is_read_whole_and_files_by_their_path)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };
	CLEANUP(json) json_t *list = NULL;
	const struct skill *skill;

	write_text(&folder, "disk/SKILL.md", HEAD "---\nSee references/x.md\n");
	write_text(&folder, "disk/references/x.md", "more");
	write_text(&folder, "notes/y.md", "no skill");
	CHECK_OK(skills_load(&skills, folder.path, &err), err);
	list = skills_list(&skills);
	skill = skills_find(&skills, "disk");
	CHECK_INT(json_array_size(list), 1);
	CHECK(skill && !skills_find(&skills, "notes"));
	CHECK_TEXT(skill_file(skill, "references/x.md", &err), "more");
	CHECK(!skill_file(skill, "../notes/y.md", &err));
	CHECK_INT(err.code, -ENOENT);
	CHECK(strstr(err.text, "references/x.md"));
}

TEST(a_link_out_of_a_skill_is_not_followed)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	write_text(&folder, "disk/SKILL.md", HEAD "---\n");
	CHECK(symlinkat("/etc/passwd", folder.fd, "disk/link.md") == 0);
	CHECK(skills_load(&skills, folder.path, &err) < 0);
	CHECK(strstr(err.text, "disk") && skills.n == 0);
}

TEST(one_wrong_skill_fails_all_and_is_named)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	write_text(&folder, "disk/SKILL.md", "---\nname: disk\n---\n");
	CHECK(skills_load(&skills, folder.path, &err) < 0);
	CHECK(strstr(err.text, "skill 'disk'") && strstr(err.text, "description"));
}

TEST(a_folder_that_is_not_there_is_an_empty_set)
{
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	CHECK_OK(skills_load(&skills, "/nonexistent/skills", &err), err);
	CHECK_INT(skills.n, 0);
}

TEST(a_file_whose_name_is_no_text_is_refused)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	write_text(&folder, "disk/SKILL.md", HEAD "---\n");
	write_text(&folder, "disk/\xff.md", "x");
	CHECK_INT(skills_load(&skills, folder.path, &err), -EBADMSG);
	CHECK(unlinkat(folder.fd, "disk/\xff.md", 0) == 0);
}

TEST(what_is_no_regular_file_is_refused_and_not_waited_for)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(skills) struct skills skills = { 0 };
	struct error err = { 0 };

	write_text(&folder, "disk/SKILL.md", HEAD "---\n");
	CHECK(mkfifoat(folder.fd, "disk/link.md", 0600) == 0);
	CHECK(skills_load(&skills, folder.path, &err) < 0);
	CHECK(strstr(err.text, "no regular file"));
}

TEST(a_folder_can_be_taken_as_it_lies_there)
{
	CLEANUP(folder) struct folder folder = folder_new();
	CLEANUP(json) json_t *files = NULL;
	struct error err = { 0 };
	char path[80];

	write_text(&folder, "disk/SKILL.md", HEAD "---\n");
	write_text(&folder, "disk/references/x.md", "more");
	(void)snprintf(path, sizeof(path), "%s/disk", folder.path);
	CHECK_OK(skill_read_folder(path, &files, &err), err);
	CHECK_INT(json_object_size(files), 2);
	CHECK_TEXT(json_get_text(files, "SKILL.md", ""), HEAD "---\n");
	CHECK_TEXT(json_get_text(files, "references/x.md", ""), "more");
}
