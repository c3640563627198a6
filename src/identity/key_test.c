#include "identity/key.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/test.h"
#include "identity/file.h"
#include "identity/test_folder.h"

/* Made once by openssl: its public key, and what `openssl dgst -sha256 -binary | base64` said. */
#define KNOWN_TEXT                                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQaneikhJpOGrMLfEAduYEDeWzQ" \
	"A9dLS3tHN85RgNNatxYDUKWS099tMAQX4yRa9qB92HI3++mU3v+NzYmptNpA=="
#define KNOWN_PIN "sha256//i4zfvgJlR6yBMqiG7Jk2LSDA7jjQXQYGK2izkubMhQM="

TEST(a_saved_key_is_the_same_key_when_loaded)
{
	for (enum key_kind kind = KEY_EC_P256; kind <= KEY_ED25519; kind++) {
		CLEANUP(test_folder) struct test_folder folder;
		CLEANUP(key) EVP_PKEY *key = key_make(kind);
		CLEANUP(key) EVP_PKEY *loaded = NULL;
		struct error err = { 0 };
		struct stat status;

		test_folder_make(&folder);
		CHECK_OK(key_save(test_folder_file(&folder, "key"), key, &err), err);
		CHECK_INT(stat(folder.file, &status), 0);
		CHECK_INT(status.st_mode & 07777, 0600);
		loaded = key_load(folder.file, kind, &err);
		CHECK(loaded && key_equal(key, loaded) && key_is(loaded, kind));
		CHECK(!key_load(folder.file, kind == KEY_EC_P256 ? KEY_ED25519 : KEY_EC_P256,
				&err));
		CHECK_INT(err.code, -EBADMSG);
	}
}

TEST(a_key_file_that_others_can_read_is_not_loaded_and_not_replaced)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct error err = { 0 };

	test_folder_make(&folder);
	key = key_load_or_make(test_folder_file(&folder, "key"), KEY_ED25519, &err);
	CHECK(key);
	CHECK_INT(chmod(folder.file, 0640), 0);
	CHECK(!key_load(folder.file, KEY_ED25519, &err));
	CHECK_INT(err.code, -EACCES);
	CHECK(!key_load_or_make(folder.file, KEY_ED25519, &err));
	CHECK_INT(err.code, -EACCES);
}

TEST(a_key_is_made_once)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(key) EVP_PKEY *one = NULL;
	CLEANUP(key) EVP_PKEY *two = NULL;
	CLEANUP(key) EVP_PKEY *other = key_make(KEY_EC_P256);
	struct error err = { 0 };

	test_folder_make(&folder);
	one = key_load_or_make(test_folder_file(&folder, "key"), KEY_EC_P256, &err);
	two = key_load_or_make(folder.file, KEY_EC_P256, &err);
	CHECK(one && two && key_equal(one, two) && !key_equal(one, other));
}

TEST(a_file_without_a_plain_private_key_is_refused_without_asking_anybody)
{
	static const char *const texts[] = {
		"",
		"hello\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		"MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAAAAAAAAAAAAAAAAAAAAAA\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
	};
	CLEANUP(test_folder) struct test_folder folder;
	struct error err = { 0 };

	test_folder_make(&folder);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CHECK_OK(file_save_private(test_folder_file(&folder, "key"), texts[i],
					   strlen(texts[i]), &err),
			 err);
		CHECK(!key_load(folder.file, KEY_EC_P256, &err));
		CHECK_INT(err.code, -EBADMSG);
	}
}

static int check_new(const char *type, const char *curve, size_t bits, struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = NULL;

	if (curve)
		key = EVP_PKEY_Q_keygen(NULL, NULL, type, curve);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, type, bits);
	CHECK(key);
	return key_check_foreign(key, err);
}

TEST(weak_and_unknown_keys_are_refused)
{
	struct error err = { 0 };

	CHECK_INT(check_new("RSA", NULL, 1024, &err), -EKEYREJECTED);
	CHECK_INT(check_new("RSA", NULL, 2047, &err), -EKEYREJECTED);
	CHECK_INT(check_new("EC", "P-224", 0, &err), -EKEYREJECTED);
	CHECK_INT(check_new("EC", "secp256k1", 0, &err), -EKEYREJECTED);
	CHECK_INT(check_new("EC", "P-521", 0, &err), -EKEYREJECTED);
	CHECK_INT(check_new("X25519", NULL, 0, &err), -EKEYREJECTED);
	CHECK_OK(check_new("RSA", NULL, 2048, &err), err);
	CHECK_OK(check_new("EC", "P-256", 0, &err), err);
	CHECK_OK(check_new("EC", "P-384", 0, &err), err);
	CHECK_OK(check_new("ED25519", NULL, 0, &err), err);
}

TEST(an_rsa_key_under_which_every_signature_holds_is_refused)
{
	static const unsigned long exponents[] = { 1, 2, 0x10000 };
	CLEANUP(key) EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	struct error err = { 0 };
	BIGNUM *modulus = NULL;

	CHECK(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &modulus));
	for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
		CLEANUP(key) EVP_PKEY *key = NULL;
		OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		OSSL_PARAM *params;

		CHECK(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus));
		CHECK(OSSL_PARAM_BLD_push_ulong(build, OSSL_PKEY_PARAM_RSA_E, exponents[i]));
		params = OSSL_PARAM_BLD_to_param(build);
		CHECK(EVP_PKEY_fromdata_init(context) == 1);
		CHECK(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
		CHECK_INT(key_check_foreign(key, &err), -EKEYREJECTED);
		OSSL_PARAM_free(params);
		OSSL_PARAM_BLD_free(build);
		EVP_PKEY_CTX_free(context);
	}
	BN_free(modulus);
}

TEST(a_public_key_as_text_is_the_same_key_when_parsed)
{
	for (enum key_kind kind = KEY_EC_P256; kind <= KEY_ED25519; kind++) {
		CLEANUP(key) EVP_PKEY *key = key_make(kind);
		CLEANUP(key) EVP_PKEY *parsed = NULL;
		struct error err = { 0 };
		char text[KEY_TEXT_BYTES];

		key_text(key, text);
		parsed = key_parse(text, strlen(text), &err);
		CHECK(parsed && key_equal(key, parsed));
	}
}

TEST(the_largest_key_that_is_taken_fits_as_text)
{
	CLEANUP(key) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
	CLEANUP(key) EVP_PKEY *parsed = NULL;
	struct error err = { 0 };
	char text[KEY_TEXT_BYTES];

	key_text(key, text);
	parsed = key_parse(text, strlen(text), &err);
	CHECK(parsed && key_equal(key, parsed));
}

TEST(a_weak_key_as_text_is_refused)
{
	CLEANUP(key) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct error err = { 0 };
	char text[KEY_TEXT_BYTES];

	key_text(key, text);
	CHECK(!key_parse(text, strlen(text), &err));
	CHECK_INT(err.code, -EKEYREJECTED);
}

TEST(text_that_is_not_exactly_a_public_key_is_refused)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	CLEANUP(key) EVP_PKEY *parsed = NULL;
	struct error err = { 0 };
	char text[KEY_TEXT_BYTES], bad[KEY_TEXT_BYTES + 8];

	key_text(key, text);
	text_format(bad, sizeof(bad), "%s\n", text);
	parsed = key_parse(bad, strlen(bad), &err);
	CHECK(parsed);
	text_format(bad, sizeof(bad), " %s", text);
	CHECK(!key_parse(bad, strlen(bad), &err));
	text_format(bad, sizeof(bad), "%sAAAA", text);
	CHECK(!key_parse(bad, strlen(bad), &err));
	CHECK(!key_parse(text, strlen(text) - 4, &err));
	CHECK(text[58] != '=' && text[59] == '=');
	text_format(bad, sizeof(bad), "%s", text);
	bad[58]++; /* two bits that decoding drops */
	CHECK(!key_parse(bad, strlen(bad), &err));
	CHECK(!key_parse("", 0, &err));
	CHECK(!key_parse("\0", 1, &err));
	CHECK(!key_parse("====", 4, &err));
	CHECK_INT(err.code, -EBADMSG);
}

/* Found by fuzzing: the last byte of the head says how many bits do not count, and OpenSSL reads
 * on. */
TEST(a_key_has_one_text)
{
	static const char text[] = "MCowBQYDK2VwAyEAidonma1QrGbpmGr47YZoaM1i5lBtnZezRyQXWJ3X/So=";
	static const char other[] = "MCowBQYDK2VwAyEFidonma1QrGbpmGr47YZoaM1i5lBtnZezRyQXWJ3X/So=";
	struct error err = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_parse(text, strlen(text), &err);

	CHECK(key);
	CHECK(!key_parse(other, strlen(other), &err));
	CHECK_INT(err.code, -EBADMSG);
}

TEST(the_pin_of_a_known_key_is_what_openssl_says)
{
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct error err = { 0 };
	char pin[KEY_PIN_BYTES];

	key = key_parse(KNOWN_TEXT, strlen(KNOWN_TEXT), &err);
	if (!key)
		FAIL("%s", err.text);
	CHECK_TEXT(key_pin(key, pin), KNOWN_PIN);
}

/* False where the command is not there or failed. */
static bool run_openssl(const char *const *args)
{
	char *argv[16] = { "openssl" };
	int status = -1;
	pid_t child;

	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = (char *)args[i];
	child = fork();
	if (child == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(the_pin_of_a_new_key_is_what_the_openssl_command_says)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(key) EVP_PKEY *key = NULL;
	CLEANUP(buf) struct buf line = { 0 };
	struct error err = { 0 };
	char from[128], to[128], pin[KEY_PIN_BYTES], expected[128];
	/* The recipe of curl's manual for --pinnedpubkey. */
	const char *const convert[] = { "pkey", "-in",  from, "-pubout", "-outform",
					"der",  "-out", to,   NULL };
	const char *const digest[] = { "dgst", "-sha256", "-binary", "-out", from, to, NULL };
	const char *const encode[] = { "enc", "-base64", "-in", from, "-out", to, NULL };

	test_folder_make(&folder);
	text_format(to, sizeof(to), "%s", test_folder_file(&folder, "out"));
	text_format(from, sizeof(from), "%s", test_folder_file(&folder, "key"));
	key = key_load_or_make(from, KEY_EC_P256, &err);
	CHECK(key);
	if (!run_openssl(convert) || !run_openssl(digest) || !run_openssl(encode))
		SKIP("the openssl command is not installed");
	buf_init(&line, 100);
	CHECK_OK(file_load_public(to, &line, &err), err);
	text_format(expected, sizeof(expected), "%s\n", key_pin(key, pin) + strlen("sha256//"));
	CHECK_TEXT(buf_text(&line), expected);
}
