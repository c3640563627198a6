/*
 * What the server keeps as one document of a name (server/api/document.h): its file, its path and
 * its end, for the commands that speak of it.
 */
#pragma once

#include "cli/command.h"
#include "base/json.h"

#define DOCUMENT_PATH_BYTES 2048

struct server;

/* JSON of at most so many bytes in a file, or on standard input ("-"): a new reference. */
int document_read_json(const char *path, size_t max_bytes, json_t **json_out,
		       struct error *err) MUST_CHECK;
/* A JSON object of at most 64 KiB in a file, or on standard input ("-"): a new reference. */
int document_read_file(const char *path, json_t **object_out, struct error *err) MUST_CHECK;

/* What 'show --json' printed can be set again: removes what only the server says of it. */
void document_strip(json_t *document);

/* "COLLECTION/NAME", escaped; returns 'path'. */
const char *document_path(const char *collection, const char *name, char path[DOCUMENT_PATH_BYTES]);

/* Changes the document of its "name", or makes it where it is not there. */
int document_save(struct server *server, const char *collection, json_t *document,
		  json_t **answer_out, struct error *err) MUST_CHECK;

/* The whole of "remove NAME", of a collection. An exit status. */
int document_remove(struct cli *cli, const char *collection, const char *name);
