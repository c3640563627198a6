/*
 * A disk whose power is cut, for tests of what must survive it: what this process does to the files
 * of one folder is recorded, and the folders that a cut could have left are made of it. Linking
 * lossy_disk.c puts its calls in the place of libc's.
 *
 * Until a file is synced, what was written to it may be lost, be half there, or be zeros; until its
 * folder is synced, each name that came, went or changed may be as it was, whatever became of
 * others (a journalling file system keeps their order, but not each does; of many such names the
 * older ones are all lost or none); and a folder is only there for certain once its own parent was
 * synced.
 */
#pragma once

#include "base/base.h"

/* From here on, of that folder, which is not made yet. One at a time; forgets the one before. */
void lossy_disk_watch(const char *folder);

/* How many calls changed something, or made it durable. */
size_t lossy_disk_n_calls(void);

/* Fills an empty folder with what the power leaves that is cut after so many calls, in one of
 * several ways. False where there is no such way. */
bool lossy_disk_cut(size_t n_calls, unsigned way, const char *folder);
