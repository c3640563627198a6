/*
 * Configuration: one table of keys, and where each value came from.
 *
 * A value comes from the table's default, over it the file, over it the
 * environment, over it flags. The tables lie with the programs that read them;
 * parsing, `constable config` and the manual go by them. An unknown key or a bad
 * value is an error that names file, line and key.
 */
#pragma once

#include "base/error.h"

#define CONFIG_MAX_KEYS 64
#define CONFIG_MAX_ALIASES 4
#define CONFIG_VALUE_BYTES 4096
#define CONFIG_FILE_MAX_BYTES (256 * KIB)

enum config_type {
	CONFIG_PATH,     /* absolute */
	CONFIG_CHOICE,   /* one word of 'choices' */
	CONFIG_DURATION, /* base/duration.h */
	CONFIG_COUNT,    /* a whole number from 0 */
	CONFIG_TEXT,     /* one line without control characters */
};

struct config_key {
	const char *name; /* the table ends with NULL */
	enum config_type type;
	const char *choices;   /* "auto|always|never" */
	const char *otherwise; /* the default as text; "" where the program finds one out */
	const char *variable;
	const char *aliases[CONFIG_MAX_ALIASES]; /* the seeds' variables; the first wins */
	const char *imports[CONFIG_MAX_ALIASES]; /* the seeds' file keys: "logging/level" */
	const char *help;
};

struct config_value {
	char *text;
	char source[256]; /* "default", "CONSTABLE_COLOR", "/etc/constable/agent.yaml:3" */
};

struct config {
	const struct config_key *keys;
	struct config_value values[CONFIG_MAX_KEYS]; /* in the order of the keys */
};

/* Every key at its default. */
void config_init(struct config *config, const struct config_key *keys);
void config_finish(struct config *config);
void config_cleanup(struct config *config);

/*
 * A file that is not there changes nothing. One that others than root and we could
 * have written is refused: it says which programs run.
 */
int config_add_file(struct config *config, const char *path, struct error *err) MUST_CHECK;

/* The text of such a file; 'name' is for errors. */
int config_parse(struct config *config, const char *name, const char *text, size_t len,
		 struct error *err) MUST_CHECK;

int config_add_environment(struct config *config, struct error *err) MUST_CHECK;

/*
 * Takes "--KEY VALUE" or "--KEY=VALUE" at argv[*at] (state_dir is --state-dir), and moves on
 * past it. 1 if it was one, 0 if it is something else, or a negative errno.
 */
int config_take_flag(struct config *config, char **argv, int *at, struct error *err);

/* "--state-dir" for the key state_dir. */
#define CONFIG_FLAG_BYTES 64
void config_flag_name(const struct config_key *key, char flag_out[CONFIG_FLAG_BYTES]);

/* What flags set becomes the environment of the programs that we start. */
void config_export_flags(const struct config *config);

/* One value by name; 'source' says where it stood. -ENOENT for an unknown key. */
int config_set(struct config *config, const char *name, const char *text, const char *source,
	       struct error *err) MUST_CHECK;

/* The key must be in the table and of that type. */
const struct config_value *config_get(const struct config *config, const char *name);
uint64_t config_get_ns(const struct config *config, const char *name);
uint64_t config_get_count(const struct config *config, const char *name);
/* Which of the choices, from 0. */
int config_get_choice(const struct config *config, const char *name);

const char *config_type_name(const struct config_key *key);
