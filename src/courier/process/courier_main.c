/*
 * constable-courier: requests by HTTPS and mail for the program at the other end of the socket
 * that is its standard input; see courier/courier.h. It raises its walls before it reads the
 * first byte, and ends with the socket. Exit status: 0; 1 it failed; 2 wrong use.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "courier/process/dispatch_internal.h"

#define USER_FD STDIN_FILENO
#define STACK_BYTES (512 * KIB)

/* Sanitizers need more memory than any limit that would mean something. */
#ifdef MEMORY_MAX_MIB
#define MEMORY_MAX_BYTES (MEMORY_MAX_MIB * MIB)
#else
#define MEMORY_MAX_BYTES RLIM_INFINITY
#endif

/* Dies with its user, and is stopped only by it. */
static void prepare_process(void)
{
	const struct rlimit memory = { MEMORY_MAX_BYTES, MEMORY_MAX_BYTES };
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };

	(void)prctl(PR_SET_NAME, "constable-courier", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setrlimit(RLIMIT_DATA, &memory);
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
}

/* libcurl resolves each name in a thread, and the usual 8 MiB for each count as memory. */
static void make_threads_small(void)
{
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) != 0 ||
	    pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
	    pthread_setattr_default_np(&attributes) != 0)
		abort();
	(void)pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv UNUSED)
{
	struct error err = { 0 };

	log_set("constable-courier", LOG_LEVEL_INFO);
	if (argc != 1) {
		(void)fputs("usage: constable-courier, by programs of Constable\n", stderr);
		return 2;
	}
	prepare_process();
	make_threads_small();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	if (dispatch_run(USER_FD, &err) < 0)
		log_error("%s", err.text);
	/* Connections that are kept end with us; libraries' exits need what walls forbid. */
	_exit(err.code == 0 ? 0 : 1);
}
