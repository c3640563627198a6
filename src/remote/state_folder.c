#include "remote/state_folder.h"

#include <sys/stat.h>

int state_folder_let_pass(const char *state, struct error *err)
{
	struct stat is;

	if (stat(state, &is) < 0 || (!(is.st_mode & 0011) && chmod(state, is.st_mode | 0011) < 0))
		return error_errno(err, "let the agent pass through '%s'", state);
	return 0;
}
