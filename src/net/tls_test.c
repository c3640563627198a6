#include "net/tls.h"

#include <errno.h>
#include <string.h>

#include "net/test_call.h"

TEST(over_tls_both_know_each_other)
{
	struct test_call call = { 0 };

	test_call_open(&call, "::1", TEST_TLS);
	test_call_dial(&call, "[::1]", "/ws");
	test_call_check_echo(&call);
	CHECK_TEXT(call.peer_name, "a-client");
	CHECK(!call.expired);
	CHECK(websocket_certificate(call.theirs) && websocket_certificate(call.ours));
	test_call_close(&call);
}

TEST(a_client_without_a_certificate_is_a_client_without_one)
{
	struct test_call call = { 0 };
	struct error err = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	SSL_CTX_free(call.client_tls);
	call.config.tls = call.client_tls = tls_client_new(NULL, call.pki.trusted, &err);
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	CHECK_TEXT(call.peer_name, "");
	test_call_close(&call);
}

TEST(a_server_of_another_ca_or_name_is_not_trusted)
{
	struct test_call call = { 0 }, other = { 0 };
	struct error err = { 0 };
	X509_STORE *nobody = tls_trust_parse("", &err);

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	SSL_CTX_free(call.client_tls);
	call.config.tls = call.client_tls = tls_client_new(NULL, nobody, &err);
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_failed(&call, -EKEYREJECTED);
	test_call_close(&call);
	X509_STORE_free(nobody);
	test_call_open(&other, "127.0.0.2", TEST_TLS);
	test_call_dial(&other, "127.0.0.2", "/ws");
	test_call_check_failed(&other, -EKEYREJECTED);
	CHECK(!other.theirs);
	test_call_close(&other);
}

TEST(trust_can_be_withdrawn_and_given_while_listening)
{
	struct test_call call = { 0 };
	struct error err = { 0 };
	X509_STORE *nobody = tls_trust_parse("", &err);

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	tls_set_trusted(call.server_tls, nobody);
	X509_STORE_free(nobody);
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_failed(&call, -EACCES);
	tls_set_trusted(call.server_tls, call.pki.trusted);
	call.n_done = 0;
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_echo(&call);
	test_call_close(&call);
}

static void use_expired(struct test_call *call)
{
	struct error err = { 0 };

	test_call_open(call, "127.0.0.1", TEST_TLS);
	CHECK_OK(tls_set_identity(call->client_tls, &call->pki.expired, &err), err);
}

TEST(an_expired_certificate_passes_only_within_the_grace)
{
	struct test_call refused = { 0 }, early = { 0 }, passed = { 0 };

	use_expired(&refused);
	test_call_dial(&refused, "127.0.0.1", "/ws");
	test_call_check_failed(&refused, -EACCES);
	test_call_close(&refused);
	use_expired(&early);
	tls_server_set_grace(early.server_tls, 3600 * NS_PER_SEC);
	test_call_dial(&early, "127.0.0.1", "/ws");
	test_call_check_failed(&early, -EACCES);
	test_call_close(&early);
	use_expired(&passed);
	tls_server_set_grace(passed.server_tls, 2 * UINT64_C(86400) * NS_PER_SEC);
	test_call_dial(&passed, "127.0.0.1", "/ws");
	test_call_check_echo(&passed);
	CHECK(passed.expired);
	CHECK_TEXT(passed.peer_name, "a-client");
	test_call_close(&passed);
}

TEST(a_server_certificate_is_no_client_certificate)
{
	struct test_call call = { 0 };
	struct error err = { 0 };

	test_call_open(&call, "127.0.0.1", TEST_TLS);
	CHECK_OK(tls_set_identity(call.client_tls, &call.pki.server, &err), err);
	test_call_dial(&call, "127.0.0.1", "/ws");
	test_call_check_failed(&call, -EACCES);
	test_call_close(&call);
}
