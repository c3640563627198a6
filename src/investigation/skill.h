/*
 * A skill: how to go about a kind of problem, written for a model and for a person.
 *
 * A folder in the Agent Skills format (agentskills.io/specification): SKILL.md, which is
 * front matter in YAML ("name", "description", and perhaps "license", "compatibility",
 * "metadata", "allowed-tools") and a body in Markdown, and beside it files that the body
 * refers to. Disclosed bit by bit: names and descriptions are always in sight, a body when
 * the skill is wanted, a file when the body sends there.
 *
 * Everything is read at once and held in memory, so that who uses skills needs no folder
 * any more (an investigator has none). Links are not followed, files that are not UTF-8 or
 * too large are refused.
 */
#pragma once

#include "base/json.h"

#define SKILLS_MAX 64
#define SKILL_NAME_MAX_BYTES 64
#define SKILL_DESCRIPTION_MAX_BYTES 1024
#define SKILL_COMPATIBILITY_MAX_BYTES 500
#define SKILL_FILE_MAX_BYTES (64 * KIB)
#define SKILL_MAX_FILES 64
#define SKILL_MAX_DEPTH 3
#define SKILL_PATH_MAX_BYTES 255
#define SKILL_SCRIPT_MAX_BYTES (32 * KIB)
#define SKILL_MAX_BYTES (512 * KIB) /* of one together */
#define SKILLS_MAX_BYTES (2 * MIB)  /* of a set together */

struct skill {
	char name[SKILL_NAME_MAX_BYTES + 1];
	bool is_own;    /* an org's or a host admin's own, not one that we ship */
	json_t *matter; /* the front matter, checked; texts but for "metadata" */
	char *body;     /* without it */
	json_t *files;  /* {"references/x.md": text}: all but SKILL.md */
};

struct skills {
	struct skill items[SKILLS_MAX];
	size_t n;
};

/*
 * SKILL.md as text. 'name' is that of its folder, which the front matter must repeat; NULL:
 * any. An error names line and key.
 */
int skill_parse(struct skill *skill, const char *name, struct str text,
		struct error *err) MUST_CHECK;
void skill_finish(struct skill *skill);
void skill_cleanup(struct skill *skill);

/*
 * The same of all its files, {"SKILL.md": text, "references/x.md": text}, the form in which
 * skills are kept and sent. What is no path within a skill, no text or too large is refused.
 */
int skill_from_files(struct skill *skill, const char *name, const json_t *files,
		     struct error *err) MUST_CHECK;

/* Those files of a folder: a new reference. Names that begin with a dot are left out. */
int skill_read_folder(const char *folder, json_t **files_out, struct error *err) MUST_CHECK;

const char *skill_description(const struct skill *skill);

/* Names of tools in "allowed-tools": an array of texts, empty if it names none. New reference. */
json_t *skill_tools(const struct skill *skill);

/*
 * The text of a file by its path within the skill, "" or "SKILL.md" for the body; NULL with
 * 'err' (-ENOENT, naming what there is). Borrowed.
 */
const char *skill_file(const struct skill *skill, const char *path, struct error *err);

/* The same of what can be run: a file below scripts/ that names its interpreter, "#!/...". */
const char *skill_script(const struct skill *skill, const char *path, struct error *err);

/*
 * Every folder of a folder that has a SKILL.md, by name. A folder that is not there is an
 * empty set; one wrong skill fails all, and 'err' says which.
 */
int skills_load(struct skills *skills, const char *folder, struct error *err) MUST_CHECK;
void skills_finish(struct skills *skills);
void skills_cleanup(struct skills *skills);

/* The same as it lies there, {name: files}: a new reference. What is in the files is not judged. */
int skills_read(const char *folder, json_t **skills_out, struct error *err) MUST_CHECK;

/*
 * Own skills, {name: files}, join: one takes the place of ours of the same name. A new
 * reference, {"own": [names], "replaced": [names], "left_out": [{"name", "why"}]}.
 */
json_t *skills_join(struct skills *skills, const json_t *own);

/* NULL if there is none of that name. */
const struct skill *skills_find(const struct skills *skills, const char *name);

/* [{"name", "description", "own"}]: what is always in sight. A new reference. */
json_t *skills_list(const struct skills *skills);
