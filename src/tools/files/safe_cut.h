/*
 * Where a piece of a file may be cut without cutting a secret in two: a half
 * would no longer be recognised and would pass redaction.
 */
#pragma once

#include "call/redact.h"

/* Bytes around a cut that are looked at; more than any secret of the table is long. */
#define SAFE_CUT_CONTEXT_BYTES ((size_t)16 * KIB)

/* The first safe cut at or after 'at', at a line's beginning where one is near. */
size_t safe_cut_after(struct redactor *redactor, const char *bytes, size_t len, size_t at);

/* The last safe cut at or before 'at'. */
size_t safe_cut_before(struct redactor *redactor, const char *bytes, size_t len, size_t at);
