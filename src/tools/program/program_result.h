/* A signed program as the steward tells it (kernel/program/life/steward.h), in results: see
 * call/tool.h. */
#pragma once

#define PROGRAM_RESULT                                                                           \
	"id: integer, name: string, version: string, seq: integer, sha256: string, "             \
	"key_id: string, state: string, intent?: string, changed: string, why?: string, "        \
	"params?: {*: integer}, lists?: {*: integer}, programs?: [{name: string, type: string, " \
	"target: string}], "                                                                     \
	"maps?: [string], map_memory_bytes?: integer, ttl_s?: integer, canary_s?: integer, "     \
	"keeps?: boolean, lost?: boolean, replaces?: integer, ttl_remaining_s?: integer, "       \
	"loaded?: string, confirm_within_s?: "                                                   \
	"integer, "                                                                              \
	"probes?: [{probe: string, timeout_ms: integer, above_ms?: integer, "                    \
	"before_ms?: number, before_error?: string, last_ms?: number, last_error?: string}], "   \
	"figures?: {cpu_percent: number, latency_ms: number, memory_kb: integer, "               \
	"packets: integer, errors: integer, violations: integer, missed: integer, "              \
	"sampled_ms: integer, seconds: integer, programs: [{runs: integer, run_ns: integer, "    \
	"missed: integer, cpu_percent: number, ns_per_run: number}], counters: {*: integer}}"

#define PROGRAM_ROLLBACK                                                                           \
	"id: integer, name: string, version: string, sha256: string, at: string, reason: string, " \
	"why: string, status: string, threshold?: string, value?: number, above?: number, "        \
	"returned?: string, error?: string"
