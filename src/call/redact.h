/*
 * Redaction: secrets become "[redacted:KIND]" before a result leaves the job,
 * and before it is truncated, so that no cut can hide one.
 *
 * Tables of patterns (redact_table.c) name each kind: private keys, cloud and
 * API keys, tokens, JWTs, password hashes, passwords in URLs, command lines,
 * environment and configuration lines. One automaton finds all their literal
 * anchors in a single pass; what a match is beyond its anchor is a run of
 * characters within stated bounds, so no text can make the search slow. Nothing
 * here needs a library: the gate redacts arguments in the warden too.
 *
 * A name says how much its value must look like a secret: anything but a plain
 * word of state follows "password:", while "token:" needs digits or mixed case.
 * Evidence is kept: names, users, hosts, paths, UUIDs and hashes of content stay.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

struct redactor;

struct redactor *redactor_new(void);
void redactor_free(struct redactor *redactor);

/* Appends the redacted text; returns how many secrets were replaced. */
size_t redact_text(struct redactor *redactor, const char *text, size_t len, struct buf *out);

/*
 * Every string of the document, keys too; also values whose key names a secret
 * ("password": "x"), {"name": "DB_PASSWORD", "value": "x"}, and an argv array in
 * which one item names the next (["--password", "x"]). Deeper than
 * REDACT_MAX_DEPTH everything is one secret. Returns how many.
 */
#define REDACT_MAX_DEPTH 64

size_t redact_json(struct redactor *redactor, json_t *json);
