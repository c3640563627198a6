#include "courier/process/walls_internal.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call/sandbox/confine.h"

static const char *const roots[] = {
	/* certificates */
	"/etc/ssl/certs",
	"/etc/ssl/cert.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/openssl.cnf",
	"/etc/pki/tls/certs",
	"/etc/pki/tls/openssl.cnf",
	"/etc/pki/ca-trust",
	"/etc/ca-certificates",
	"/etc/crypto-policies",
	"/var/lib/ca-certificates",
	/* names */
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/run/systemd/resolve",
	"/run/NetworkManager",
	"/run/resolvconf",
	/* libraries, which name services load when they are asked first */
	"/etc/ld.so.cache",
	"/lib",
	"/lib64",
	"/opt/constable/lib",
	NULL,
};

static const char *const replaced[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf" };
static struct stat at_start[ARRAY_LEN(replaced)];
static const char *ca_file;

/* Debian's place is the one that its libcurl knows; in a bundle it runs elsewhere. */
static void find_certificates(void)
{
	static const char debian[] = "/etc/ssl/certs/ca-certificates.crt";
	static const char *const others[] = { "/etc/pki/tls/certs/ca-bundle.crt",
					      "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };

	for (size_t i = 0; access(debian, R_OK) < 0 && !ca_file && i < ARRAY_LEN(others); i++)
		if (access(others[i], R_OK) == 0)
			ca_file = others[i];
}

const char *walls_ca_file(void)
{
	return ca_file;
}

int walls_raise(struct error *err)
{
	const struct sandbox_home home = { .roots = roots };
	uint32_t walls;

	find_certificates();
	for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
		(void)stat(replaced[i], &at_start[i]);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "close the courier's memory to others");
	return sandbox_confine_courier(&home, &walls, err);
}

bool walls_are_stale(void)
{
	for (size_t i = 0; i < ARRAY_LEN(replaced); i++) {
		struct stat now = { 0 };

		(void)stat(replaced[i], &now);
		if (now.st_ino != at_start[i].st_ino || now.st_dev != at_start[i].st_dev)
			return true;
	}
	return false;
}
