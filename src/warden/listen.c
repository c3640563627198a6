#include "warden/listen.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

int listen_at(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct group *group = getgrnam("constable");
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, -ENAMETOOLONG, "the socket path '%s' is too long", path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0)
		return error_errno(err, "make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return error_set(err, -EADDRINUSE, "another warden listens on '%s'", path);
	(void)unlink(path); /* a dead warden's */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "bind '%s'", path);
	if (chmod(path, 0660) < 0 || (group && chown(path, 0, group->gr_gid) < 0))
		return error_errno(err, "set who may use '%s'", path);
	return fd_take(&fd);
}
