/* Who a certificate belongs to, and which ones belong to nobody. */
#include "identity/certificate.h"

#include <errno.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/test.h"
#include "identity/ca.h"
#include "identity/key.h"

#define NOW_NS (UINT64_C(1763830000) * NS_PER_SEC)
#define DAY_NS (86400 * NS_PER_SEC)

static const char *const hosts[] = { "srv.example.org", NULL };

/* A server CA, two orgs of which one's name begins like the other's, and a key of an agent. */
struct scene {
	struct ca servers, acme, acme2;
	EVP_PKEY *key;
	struct certificate_org orgs[2];
	struct certificate_agent found;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	ca_finish(&scene->servers);
	ca_finish(&scene->acme);
	ca_finish(&scene->acme2);
	EVP_PKEY_free(scene->key);
}

static void scene_make(struct scene *scene)
{
	struct error err = { 0 };

	*scene = (struct scene) { .key = key_make(KEY_EC_P256) };
	CHECK_OK(ca_make(&scene->servers, CERTIFICATE_FOR_SERVER, "CA", NOW_NS, &err), err);
	CHECK_OK(ca_make(&scene->acme, CERTIFICATE_FOR_CLIENT, "CA", NOW_NS, &err), err);
	CHECK_OK(ca_make(&scene->acme2, CERTIFICATE_FOR_CLIENT, "CA", NOW_NS, &err), err);
	scene->orgs[0] = (struct certificate_org) { "acme", scene->acme.certificate };
	scene->orgs[1] = (struct certificate_org) { "acme2", scene->acme2.certificate };
}

static X509 *agent(struct scene *scene, const struct ca *ca, const char *org)
{
	struct certificate_agent who = { .agent = "vm-1" };
	X509 *certificate;

	text_format(who.org, sizeof(who.org), "%s", org);
	certificate = ca_issue_agent(ca, scene->key, &who, NOW_NS, &scene->err);
	CHECK(certificate);
	return certificate;
}

static enum certificate_verdict identify(struct scene *scene, X509 *certificate, uint64_t now_ns)
{
	scene->err = (struct error) { 0 };
	return certificate_identify(certificate, scene->orgs, ARRAY_LEN(scene->orgs), now_ns,
				    &scene->found, &scene->err);
}

static void check_refused(struct scene *scene, X509 *certificate)
{
	CHECK_INT(identify(scene, certificate, NOW_NS), CERTIFICATE_REFUSED);
	CHECK_INT(scene->err.code, -EACCES);
	CHECK_TEXT(scene->found.org, "");
	CHECK_TEXT(scene->found.agent, "");
}

TEST(the_issuer_decides_the_org_and_the_certificate_the_agent)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *one = NULL;
	CLEANUP(certificate) X509 *two = NULL;

	scene_make(&scene);
	one = agent(&scene, &scene.acme, "acme");
	two = agent(&scene, &scene.acme2, "acme2");
	CHECK_INT(identify(&scene, one, NOW_NS), CERTIFICATE_VALID);
	CHECK_TEXT(scene.found.org, "acme");
	CHECK_TEXT(scene.found.agent, "vm-1");
	CHECK_INT(scene.err.code, 0);
	CHECK_INT(identify(&scene, two, NOW_NS), CERTIFICATE_VALID);
	CHECK_TEXT(scene.found.org, "acme2");
}

TEST(another_orgs_ca_does_not_verify)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;

	scene_make(&scene);
	certificate = agent(&scene, &scene.acme, "acme");
	CHECK_INT(certificate_verify(certificate, scene.acme2.certificate, CERTIFICATE_FOR_CLIENT,
				     NOW_NS, &scene.err),
		  CERTIFICATE_REFUSED);
	scene.orgs[0].ca = scene.acme2.certificate;
	check_refused(&scene, certificate);
}

TEST(a_ca_cannot_speak_for_another_org)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *longer = NULL;
	CLEANUP(certificate) X509 *shorter = NULL;

	scene_make(&scene);
	longer = agent(&scene, &scene.acme, "acme2");
	shorter = agent(&scene, &scene.acme2, "acme");
	check_refused(&scene, longer);
	check_refused(&scene, shorter);
}

TEST(a_client_certificate_is_no_server_certificate_and_the_other_way_round)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *client = NULL;
	CLEANUP(certificate) X509 *server = NULL;

	scene_make(&scene);
	client = agent(&scene, &scene.acme, "acme");
	server = ca_issue_server(&scene.servers, scene.key, hosts, NOW_NS, &scene.err);
	CHECK(server);
	CHECK_INT(certificate_verify(client, scene.acme.certificate, CERTIFICATE_FOR_SERVER, NOW_NS,
				     &scene.err),
		  CERTIFICATE_REFUSED);
	CHECK_INT(certificate_verify(server, scene.servers.certificate, CERTIFICATE_FOR_CLIENT,
				     NOW_NS, &scene.err),
		  CERTIFICATE_REFUSED);
	CHECK_INT(certificate_verify(server, scene.servers.certificate, CERTIFICATE_FOR_SERVER,
				     NOW_NS, &scene.err),
		  CERTIFICATE_VALID);
	check_refused(&scene, server);
}

TEST(expired_and_not_yet_valid_are_told_apart_from_refused)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;

	scene_make(&scene);
	certificate = agent(&scene, &scene.acme, "acme");
	CHECK_INT(identify(&scene, certificate, NOW_NS - 3599 * NS_PER_SEC), CERTIFICATE_VALID);
	CHECK_INT(identify(&scene, certificate, NOW_NS + 30 * DAY_NS - NS_PER_SEC),
		  CERTIFICATE_VALID);
	CHECK_INT(identify(&scene, certificate, NOW_NS + 31 * DAY_NS), CERTIFICATE_EXPIRED);
	CHECK_INT(scene.err.code, -EKEYEXPIRED);
	CHECK_TEXT(scene.found.agent, "vm-1");
	/* Earlier, its CA was not valid either: that is no fault of the certificate alone. */
	CHECK_INT(identify(&scene, certificate, NOW_NS - DAY_NS), CERTIFICATE_REFUSED);
	CHECK_INT(identify(&scene, certificate, NOW_NS + 3651 * DAY_NS), CERTIFICATE_REFUSED);
}

TEST(a_certificate_of_tomorrow_is_not_yet_valid)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;
	struct certificate_agent who = { "acme", "vm-1" };

	scene_make(&scene);
	certificate = ca_issue_agent(&scene.acme, scene.key, &who, NOW_NS + DAY_NS, &scene.err);
	CHECK_INT(identify(&scene, certificate, NOW_NS), CERTIFICATE_NOT_YET);
	CHECK_TEXT(scene.found.agent, "vm-1");
}

TEST(an_expired_certificate_of_another_ca_is_refused_and_not_expired)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;

	scene_make(&scene);
	certificate = agent(&scene, &scene.acme, "acme");
	scene.orgs[0].ca = scene.servers.certificate;
	CHECK_INT(identify(&scene, certificate, NOW_NS + 31 * DAY_NS), CERTIFICATE_REFUSED);
	CHECK_TEXT(scene.found.agent, "");
}

TEST(a_changed_certificate_is_refused)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;
	unsigned char *der = NULL;
	int len;

	scene_make(&scene);
	certificate = agent(&scene, &scene.acme, "acme");
	len = i2d_X509(certificate, &der);
	for (int i = 0; i < len; i += 5) {
		CLEANUP(certificate) X509 *changed = NULL;

		der[i] ^= 1;
		changed = certificate_parse((const char *)der, (size_t)len, &scene.err);
		if (changed)
			check_refused(&scene, changed);
		der[i] ^= 1;
	}
	OPENSSL_free(der);
}

TEST(a_ca_is_no_agent_and_an_agent_is_no_ca)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *middle = NULL;
	CLEANUP(certificate) X509 *end = NULL;
	struct certificate_agent who = { "acme", "vm-2" };
	struct ca agent_as_ca;

	scene_make(&scene);
	check_refused(&scene, scene.acme.certificate);
	CHECK_INT(certificate_verify(scene.acme.certificate, scene.acme.certificate,
				     CERTIFICATE_FOR_CLIENT, NOW_NS, &scene.err),
		  CERTIFICATE_REFUSED);
	middle = agent(&scene, &scene.acme, "acme");
	agent_as_ca = (struct ca) { scene.key, middle, CERTIFICATE_FOR_CLIENT };
	end = ca_issue_agent(&agent_as_ca, scene.key, &who, NOW_NS, &scene.err);
	CHECK(end);
	check_refused(&scene, end);
	scene.orgs[0].ca = middle;
	check_refused(&scene, end);
}

TEST(without_orgs_nobody_is_anybody)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(certificate) X509 *certificate = NULL;

	scene_make(&scene);
	certificate = agent(&scene, &scene.acme, "acme");
	CHECK_INT(certificate_identify(certificate, NULL, 0, NOW_NS, &scene.found, &scene.err),
		  CERTIFICATE_REFUSED);
}
