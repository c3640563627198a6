/*
 * What is due a moment after work: the audit log's lines of reads go to disk, and
 * memory that the work needed goes back to the host. Nothing is armed while nobody
 * asks, so that an idle warden never wakes.
 */
#pragma once

#include "warden/warden.h"

#define TIDY_AFTER_NS (500 * NS_PER_MS)

void tidy_init(struct warden *warden);
void tidy_finish(struct warden *warden);

/* Something was done: TIDY_AFTER_NS from now at the latest it is tidied up. */
void tidy_later(struct warden *warden);
