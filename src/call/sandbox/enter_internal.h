/* The first process's steps: each puts it behind a wall. 0 or a negative errno. */
#pragma once

#include "call/sandbox/plan_internal.h"

int enter_die_with_launcher(struct plan *plan);
/* Some steps later: a launcher that was dead before is not one to die with. */
int enter_check_launcher(struct plan *plan);
int enter_map_user(struct plan *plan);
int enter_join_cgroup(struct plan *plan);
int enter_connect_bus(struct plan *plan);
int enter_tree(struct plan *plan);
int enter_scratch(struct plan *plan);
int enter_network(struct plan *plan);
int enter_arrange_descriptors(struct plan *plan);
int enter_become_undumpable(struct plan *plan);
