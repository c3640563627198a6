/*
 * A host that belongs to several servers: each further one has a name, and below that
 * name its own key, outbox, policy, audit log and socket.
 *
 * State lies in /var/lib/constable/servers/NAME ($XDG_STATE_HOME/constable/servers/NAME
 * for a user), the socket in /run/constable/servers/NAME, policy and settings in
 * /etc/constable/servers/NAME. The variable CONSTABLE_NAME says which is meant, here and
 * in every program that we start; "--name NAME" sets it.
 */
#pragma once

#include "base/config.h"

#define SERVER_NAME_MAX 32
#define SERVER_NAME_PATH_BYTES 4096

/* 1 to 32 of a-z 0-9 '-', the first no '-'. */
bool server_name_is_good(const char *name);

/*
 * Moves "--name NAME" from argv to the environment where it stands first, or behind the
 * word "provision". -EINVAL for a name that is none.
 */
int server_name_take(int *argc, char **argv, struct error *err) MUST_CHECK;

/* /etc/constable/servers/NAME, or false where no name is set. */
bool server_name_folder(char folder[SERVER_NAME_PATH_BYTES]);

/* Once flags are read: what has still its default moves below the name. */
int server_name_settle(struct config *config, struct error *err) MUST_CHECK;
