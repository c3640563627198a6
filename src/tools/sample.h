/*
 * Two readings and the time between them: what every tool that reports rates
 * shares. Several such tools run at once, so the default wait is short.
 */
#pragma once

#include "call/tool.h"

/* The member that the schema of a sampling tool has. */
#define SAMPLE_SCHEMA                                                           \
	"\"sample_ms\":{\"type\":\"integer\",\"minimum\":10,\"maximum\":20000," \
	"\"description\":\"time between the two readings; 250 if not given\"}"

/* Waits as the arguments say, but not beyond the deadline; the time that passed. */
uint64_t sample_wait(struct task *task, const json_t *args);

/* Growth per second; 0 for a counter that ran backwards. */
double sample_rate(uint64_t before, uint64_t after, uint64_t elapsed_ns);
json_t *sample_rate_json(uint64_t before, uint64_t after, uint64_t elapsed_ns);

/* 100 * part / whole, 0 where there is no whole. */
double sample_percent(uint64_t part, uint64_t whole);
