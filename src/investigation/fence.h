/*
 * The fence around text that comes from a host.
 *
 * A model sees evidence between two lines that carry a random word of this investigation,
 * which no host can know; should the word stand in the text all the same, it is broken
 * there. Characters that people do not see (zero-width, bidirectional, tags, controls) are
 * shown as \uXXXX, so that a model reads what a person would read.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/scan.h"

#define FENCE_WORD_BYTES 33

struct fence {
	char word[FENCE_WORD_BYTES];
};

int fence_init(struct fence *fence, struct error *err) MUST_CHECK;

/* "<evidence-WORD id=e3 tool=read_file>\n" TEXT "\n</evidence-WORD>\n" */
void fence_put(const struct fence *fence, const char *label, struct str text, struct buf *out);

/* Without the lines: the text as it may be shown. */
void fence_put_text(const struct fence *fence, struct str text, struct buf *out);

/* Whether a code point is one that people do not see. */
bool fence_hides(unsigned long code_point);
