/* Text as a reader takes it: what an injection is looked for in. */
#pragma once

#include "base/buf.h"
#include "base/scan.h"

enum fold {
	FOLD_SPACED,  /* lower case, invisible characters gone, blanks and bars one blank */
	FOLD_PLAIN,   /* only letters and digits, accents gone */
	FOLD_ALIKE,   /* and look-alike letters of other scripts as Latin ones */
	FOLD_LEET,    /* and digits that stand for letters */
	FOLD_ROTATED, /* FOLD_ALIKE by thirteen letters */
	FOLD_REVERSED,
};

void injection_fold(struct str text, enum fold fold, struct buf *out);

/* Base64, hex, percent signs, entities and escapes in a text, decoded: each on a line. */
void injection_decode(struct str text, struct buf *out);
