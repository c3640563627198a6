/*
 * Orphans: processes that a job without a pid namespace left behind. The
 * launcher is their subreaper, so they become its children.
 */
#pragma once

#include "call/sandbox/serve_internal.h"

/* Kills every child that is no running box or broker, and its children in turn. */
void orphans_kill(struct serve *serve);

/* Reaps those that have ended by themselves. */
void orphans_reap(struct serve *serve);
