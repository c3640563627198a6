/*
 * Logs of Kubernetes pods: where the host's policy names namespaces, a job sees no others.
 *
 * /var/log/pods is empty then but for the folders of those pods, as they were when the tree was
 * made (it is made anew when mounts change, which a new pod does); and the logs of the Docker
 * runtime, which name no namespace, are covered.
 */
#pragma once

#include "base/base.h"

/* 'namespaces' ends with NULL. In the tree that is this process's root. 0 or a negative errno. */
int pods_cover(const char *const *namespaces) MUST_CHECK;
