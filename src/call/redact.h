/*
 * Redaction: secrets become "[redacted:KIND]" before a result leaves the job,
 * and before it is truncated, so that no cut can hide one.
 *
 * A table of patterns (redact_table.c) names each kind: private keys, cloud and
 * API keys, tokens, JWTs, passwords in URLs, argv, environment and configuration
 * lines. A pattern is tried only where its literal anchor occurs, and compiled
 * (PCRE2 with match, heap and depth limits) when that first happens, so that an
 * ordinary result costs one scan.
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
 * ("password": "x"), and an argv array in which one item names the next
 * (["--password", "x"]). Returns how many.
 */
size_t redact_json(struct redactor *redactor, json_t *json);
