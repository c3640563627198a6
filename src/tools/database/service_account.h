/*
 * The account that owns a database server. Behind the sandbox's walls we are it
 * already; started by hand as root we become it, because servers trust their
 * own user over a unix socket.
 */
#pragma once

#include "base/error.h"
#include "host/account.h"

/* 0 also for who may not change: then the server will say whom it refuses. */
int service_account_become(const struct account *owner, struct error *err) MUST_CHECK;

/* The name to ask by: the owner's if we are it, else our own. Returns 'name'. */
const char *service_account_role(const struct account *owner, char name[ACCOUNT_NAME_BYTES]);
