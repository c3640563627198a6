/*
 * The sandbox that waits for the next job.
 *
 * Most of what a start takes is the same for every job of a kind: clone, join
 * the control group, enter the namespaces, give powers away, restrict. After a
 * job has ended well, and when there is nothing else to do, the launcher raises
 * one sandbox of the kind last asked for; its payload waits behind all its walls
 * (order_internal.h). The next job of that kind is told to it, and starts by
 * executing. What it costs is moved, not saved: about a start for each burst of
 * jobs is in vain.
 *
 * There is at most one. It goes after ten idle seconds, when the host's mounts
 * change, when its place is needed, and when other kinds were asked for several
 * times in a row.
 */
#pragma once

#include "call/sandbox/serve_internal.h"

/* The box that waits for a job such as this, or NULL. Takes note of what is asked for. */
struct box *standby_find(struct serve *serve, const struct launch_record *record);

/* A job has ended. */
void standby_note_end(struct serve *serve, const struct launch_outcome *outcome);

bool standby_is_wanted(const struct serve *serve);
void standby_raise(struct serve *serve);

/* Kills what waits; it is gone when its box is finished. */
void standby_drop(struct serve *serve);
