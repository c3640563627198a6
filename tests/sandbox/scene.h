/* One launcher with misbehaving jobs, and what must be true when it is gone. */
#pragma once

#include "call/sandbox/launcher.h"

struct scene {
	struct launcher launcher;
	struct launcher_config config;
	int output; /* our end of the job's output */
};

/* Skips the test where we are not root. */
void scene_check_root(void);

void scene_set_up(struct scene *scene, struct launcher_test how);
/* With roots that diagnose-root is held to. */
void scene_set_up_roots(struct scene *scene, const char *const *const *roots);
/* Fails if a process, or a control group of the launcher, is left. */
void scene_tear_down(struct scene *scene);

struct launch_record scene_record(const char *tool, uint64_t wall_ms);
void scene_start(struct scene *scene, const struct launch_record *record);
struct launch_outcome scene_await(struct scene *scene);
struct launch_outcome scene_run(struct scene *scene, const char *tool, uint64_t wall_ms);

/* Nobody can write to the job's output any more. */
void scene_check_output_ended(struct scene *scene);

bool scene_has_control_groups(const struct launcher *launcher);
unsigned scene_count_lines(const char *path);
