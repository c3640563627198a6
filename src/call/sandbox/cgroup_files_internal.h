/* The small files of a control group. */
#pragma once

#include "base/base.h"

/* NUL-terminated; the length or a negative errno. */
ssize_t cgroup_file_read(int directory, const char *name, char *text, size_t size) MUST_CHECK;
int cgroup_file_write(int directory, const char *name, const char *text);
int cgroup_file_write_u64(int directory, const char *name, uint64_t value);

/* Kills every process in it once; returns how many there were. */
unsigned cgroup_kill_all(int directory);

/* Writes every process of it into another group's cgroup.procs. */
void cgroup_move_all(int from_directory, int to_directory);
