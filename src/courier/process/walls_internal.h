/*
 * The walls of constable-courier, with what it reads behind them: the system's certificates,
 * what resolves names, and the libraries that this takes.
 */
#pragma once

#include "base/error.h"

int walls_raise(struct error *err) MUST_CHECK;

/* A file that resolves names was replaced: Landlock knows the old one only. */
bool walls_are_stale(void);

/* The system's list of certificates where libcurl does not look by itself; or NULL. */
const char *walls_ca_file(void);
