/* Ways to misbehave, by name; see abuse.c. Returns the exit status, if at all. */
#pragma once

int abuse_run(const char *name);
