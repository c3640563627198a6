#include "call/sandbox/handed_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "call/sandbox/launcher_programs.h"

static void drop(struct handed *handed, size_t number)
{
	struct handed_end *end = &handed->ends[number];

	fd_close(&end->fd);
	handed->n--;
	memmove(end, end + 1, (handed->n - number) * sizeof(*end));
}

bool handed_add(struct handed *handed, int *fd, bool may_change)
{
	if (handed->n == HANDED_MAX)
		return false;
	handed->ends[handed->n++] = (struct handed_end) { fd_take(fd), may_change, false };
	return true;
}

void handed_pass(struct handed *handed, int socket)
{
	while (handed->n_passed < handed->n) {
		const struct handed_end *end = &handed->ends[handed->n_passed];
		int r = fd_pass(socket, end->may_change, end->fd);

		if (r == -EPIPE || r == -ECONNRESET)
			return; /* it has just gone: the next one gets it */
		if (r < 0)
			drop(handed, handed->n_passed);
		else
			handed->n_passed++;
	}
}

bool handed_note_taken(struct handed *handed)
{
	if (!handed->n_passed)
		return false;
	handed->n_passed--;
	drop(handed, 0);
	return true;
}

void handed_hear_rest(struct handed *handed, int socket)
{
	char said[4 * HANDED_MAX]; /* with all that it asks for besides */
	ssize_t n = recv(socket, said, sizeof(said), MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++)
		if (said[i] == LAUNCHER_TAKEN)
			(void)handed_note_taken(handed);
}

void handed_note_end(struct handed *handed)
{
	for (size_t i = handed->n_passed; i-- > 0;) {
		if (handed->ends[i].was_left)
			drop(handed, i);
		else
			handed->ends[i].was_left = true;
	}
	handed->n_passed = 0;
}

void handed_drop_all(struct handed *handed)
{
	while (handed->n)
		drop(handed, handed->n - 1);
	handed->n_passed = 0;
}
