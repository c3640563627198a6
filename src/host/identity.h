/* What a machine says about itself: name, distribution, kernel, what it runs on. */
#pragma once

#include "host/host.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define IDENTITY_RESULT                                                           \
	"hostname: string|null, os: {id: string|null, version: string|null, "     \
	"name: string|null}, kernel: string|null, arch: string|null, "            \
	"cpu_model: string|null, virtualization: string, is_container: boolean, " \
	"container: string|null, init: {name: string|null, is_systemd: boolean}"

#define IDENTITY_CPUINFO_BYTES 8192

/*
 * The beginning of /proc/cpuinfo, "" where there is none. It costs the kernel more than any other
 * file of its size: who needs it twice reads it once.
 */
void identity_read_cpuinfo(const struct host *host, char text[IDENTITY_CPUINFO_BYTES]);

/*
 * Puts hostname, os {id, version, name}, kernel, arch, virtualization, is_container,
 * container, init {name, is_systemd}, cpu_model into 'result'. What cannot be known is null.
 */
void identity_put(const struct host *host, const char *cpuinfo, json_t *result);

/* The value of KEY=value or KEY="value" in text like /etc/os-release; false if missing. */
bool identity_assignment(const char *text, const char *key, char *value_out, size_t size);
