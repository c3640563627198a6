/* What a machine says about itself: name, distribution, kernel, what it runs on. */
#pragma once

#include "host/host.h"

/*
 * Puts hostname, os {id, version, name}, kernel, arch, virtualization, is_container,
 * container, init {name, is_systemd}, cpu_model into 'result'. What cannot be known is null.
 */
void identity_put(const struct host *host, json_t *result);

/* The value of KEY=value or KEY="value" in text like /etc/os-release; false if missing. */
bool identity_assignment(const char *text, const char *key, char *value_out, size_t size);
