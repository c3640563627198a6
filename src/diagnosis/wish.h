/*
 * Wishes: what a question in plain words asks for by itself, beside the search for a cause ("how
 * long do requests to the disk take?"). engine/vitals.yaml lists them under 'asked': a call, and
 * groups of words each of which must have one in the question.
 */
#pragma once

#include "diagnosis/knowledge.h"

#define WISH_MAX 64

struct wish {
	const json_t *when; /* [[words], ...] */
	struct inquiry inquiry;
};

/* The list at /asked, which may be missing. 'wishes_out' is a heap array that borrows from the
 * file.
 */
int wishes_parse(const struct yaml *file, struct wish **wishes_out, size_t *n_out,
		 struct error *err) MUST_CHECK;

/* The one that fits the question best: with the most groups, then the most words. Or NULL. */
const struct wish *wish_of(const struct knowledge *knowledge, const json_t *asked);
