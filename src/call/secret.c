#include "call/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "call/small_file.h"

static int make(int dir_fd, const char *name, unsigned char secret[SECRET_BYTES], struct error *err)
{
	if (getrandom(secret, SECRET_BYTES, 0) != SECRET_BYTES)
		return error_errno(err, "%s", name);
	return small_file_save(dir_fd, name, secret, SECRET_BYTES, err);
}

int secret_load(int dir_fd, const char *name, unsigned char secret[SECRET_BYTES], struct error *err)
{
	struct buf kept = { 0 };
	struct error why = { 0 };
	int r;

	buf_init(&kept, SECRET_BYTES);
	r = small_file_load(dir_fd, name, &kept, &why);
	if (r == 0 && kept.len == SECRET_BYTES)
		memcpy(secret, kept.data, SECRET_BYTES);
	else if (r == 0 || r == -E2BIG || r == -EPERM)
		r = error_set(err, -EPERM, "%s: must be %d bytes that only uid %u can read", name,
			      SECRET_BYTES, geteuid());
	else if (r == -ENOENT)
		r = make(dir_fd, name, secret, err);
	else
		*err = why;
	if (kept.data)
		explicit_bzero(kept.data, kept.len);
	buf_finish(&kept);
	return r;
}
