/*
 * constable-loader --fd N: puts the program that lists processes into the kernel, passes its link
 * over the socket N and ends. Started by the launcher as root, without network, once; see
 * call/sandbox/processes_internal.h.
 *
 * constable-loader --program N: unpacks, checks, loads and attaches one artifact whose signature
 * was verified, and passes its links; see kernel/program/load/load.h. Started by the steward.
 *
 * What it took to load goes with it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd_pass.h"
#include "base/log.h"
#include "call/sandbox/confine.h"
#include "kernel/processes.h"
#include "kernel/program/load/load.h"

#define PROGRAM_CPU_S 20

static int list_processes(int socket)
{
	struct error err = { 0 };
	int link = processes_load(&err);

	/* No warning: many kernels and containers have no such thing, and nothing is lost. */
	if (fd_pass(socket, link < 0 ? link : 0, link) < 0)
		return 1;
	return link < 0;
}

/* The steward tells who asked why it failed. */
static int load_program(int socket)
{
	static const struct rlimit cpu = { PROGRAM_CPU_S, PROGRAM_CPU_S };
	struct error err = { 0 };
	uint32_t walls;

	json_seed();
	if (setrlimit(RLIMIT_CPU, &cpu) < 0 || sandbox_confine_loader(&walls, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return load_serve(socket, &err) < 0;
}

int main(int argc, char **argv)
{
	log_set("constable-loader", LOG_LEVEL_WARN);
	if (argc == 3 && strcmp(argv[1], "--fd") == 0)
		return list_processes((int)strtol(argv[2], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "--program") == 0)
		return load_program((int)strtol(argv[2], NULL, 10));
	log_error("usage: constable-loader --fd N | --program N");
	return 2;
}
