/*
 * constable-resolver NAME PORT: prints the addresses of a host, one a line, in the
 * order in which to try them. Name services load modules and block, so this is a
 * process of its own, with nothing but libc. Exit status: 0; 1 the name has no
 * address; 2 wrong use; 3 no name server answered.
 */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	char address[NI_MAXHOST];
	int r;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: constable-resolver NAME PORT\n");
		return 2;
	}
	r = getaddrinfo(argv[1], argv[2], &hints, &found);
	if (r == EAI_AGAIN || r == EAI_SYSTEM)
		return 3;
	if (r != 0)
		return 1;
	for (const struct addrinfo *at = found; at; at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) == 0)
			(void)printf("%s\n", address);
	freeaddrinfo(found);
	return fflush(stdout) == 0 ? 0 : 1;
}
