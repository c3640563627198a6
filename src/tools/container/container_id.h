/* Which container a cgroup belongs to, by the path that its runtime gave it. */
#pragma once

#include "base/scan.h"

struct container_id {
	const char *runtime; /* "docker", "containerd", "cri-o", "podman", "lxc", "nspawn",
				"kubernetes" */
	char id[80];
	char pod[64]; /* uid of the Kubernetes pod, "" if none */
};

/* Of one line of /proc/PID/cgroup. False where it names no container. */
bool container_id_parse(struct str line, struct container_id *id_out);
