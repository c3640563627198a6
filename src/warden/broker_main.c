/*
 * constable-broker --fd N: answers one job's questions about this host, then ends.
 *
 * Started by the launcher as root, without network, with one end of a socket
 * pair; see call/broker.h for the questions.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "call/broker.h"

int main(int argc, char **argv)
{
	struct error err = { 0 };
	struct host host;

	log_set("constable-broker", LOG_LEVEL_WARN);
	json_seed();
	if (argc != 3 || strcmp(argv[1], "--fd") != 0) {
		log_error("usage: constable-broker --fd N");
		return 2;
	}
	if (host_init(&host, "/", &err) < 0 ||
	    broker_serve((int)strtol(argv[2], NULL, 10), &host, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
