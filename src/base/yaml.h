/*
 * YAML read into jansson, with the line of every value, for files that people
 * write: configuration and knowledge.
 *
 * The subset is what such files need: one document of mappings with text keys,
 * sequences and scalars. Anchors, aliases, tags, duplicate keys, more than
 * YAML_MAX_BYTES and more than YAML_MAX_DEPTH levels are refused, each with its
 * line, so that no file can grow while it is read. Plain scalars become null,
 * booleans and numbers as in YAML 1.2's core schema ("no" is text); quoted ones
 * are text.
 */
#pragma once

#include "base/json.h"

#define YAML_MAX_BYTES (1 * MIB)
#define YAML_MAX_DEPTH 32
#define YAML_NAME_BYTES 256

struct yaml {
	json_t *root;
	char name[YAML_NAME_BYTES]; /* of the file, for errors */

	/* private */
	json_t *lines; /* JSON pointer -> line */
};

/* 'name' is only for errors: "disk.yaml:7: ...". */
int yaml_parse(struct yaml *yaml, const char *name, struct str text, struct error *err) MUST_CHECK;
void yaml_finish(struct yaml *yaml);
void yaml_cleanup(struct yaml *yaml);

/* The line of the value at a JSON pointer ("" is the root), or of what encloses it. */
unsigned yaml_line(const struct yaml *yaml, const char *pointer);

/* -EINVAL and "disk.yaml:7: key 'findings/0/where': " before the sentence. */
int yaml_error(const struct yaml *yaml, struct error *err, const char *pointer, const char *format,
	       ...) PRINTF_LIKE(4, 5);
