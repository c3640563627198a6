#include "identity/access_token.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "base/test.h"
#include "identity/test_issuer.h"

#define NOW_S 1800000000
#define ISSUER "https://issuer.example.org"
#define US "https://constable.example.org/mcp"

struct scene {
	struct test_issuer issuer;
	struct key_set keys;
	json_t *head, *claims;
	struct error err;
};

static void scene_cleanup(struct scene *scene)
{
	test_issuer_cleanup(&scene->issuer);
	key_set_finish(&scene->keys);
	json_decref(scene->head);
	json_decref(scene->claims);
}

static void scene_make(struct scene *scene)
{
	CLEANUP(json) json_t *set = NULL;
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };

	*scene = (struct scene) { .head = test_issuer_head(KEY_ES256) };
	test_issuer_make(&scene->issuer);
	set = test_issuer_set(&scene->issuer);
	text = json_canonical(set);
	CHECK_OK(key_set_parse(text, strlen(text), &scene->keys, &err), err);
	scene->claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:[s, s]}", "iss", ISSUER,
				  "aud", US, "sub", "ana", "client_id", "desk", "exp",
				  (json_int_t)NOW_S + 300, "iat", (json_int_t)NOW_S - 1, "scope",
				  "constable:responder openid", "roles", "ops", "dba");
}

static int verify_text(struct scene *scene, const char *text, struct access_token *token_out)
{
	const struct access_rule rule = {
		.issuer = ISSUER, .audience = US, .keys = &scene->keys, .now_s = NOW_S
	};
	int r;

	scene->err = (struct error) { 0 };
	r = access_token_verify(text, strlen(text), &rule, token_out, &scene->err);
	CHECK(r == 0 || (scene->err.code == r && scene->err.text[0] && !token_out->claims));
	CHECK(ERR_peek_error() == 0);
	return r;
}

static char *sign(struct scene *scene, enum key_algorithm algorithm)
{
	CLEANUP(text) char *claims = json_canonical(scene->claims);

	return test_issuer_sign(&scene->issuer, algorithm, scene->head,
				(struct str) { claims, strlen(claims) });
}

static int verify(struct scene *scene)
{
	CLEANUP(text) char *text = sign(scene, KEY_ES256);
	CLEANUP(access_token) struct access_token token = { 0 };

	return verify_text(scene, text, &token);
}

TEST(a_token_of_each_algorithm_is_taken_and_says_who_and_what)
{
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (enum key_algorithm algorithm = KEY_RS256; algorithm <= KEY_EDDSA; algorithm++) {
		CLEANUP(text) char *text = NULL;
		CLEANUP(access_token) struct access_token token = { 0 };

		json_decref(scene.head);
		scene.head = test_issuer_head(algorithm);
		text = sign(&scene, algorithm);
		CHECK(access_token_is(text, strlen(text)));
		CHECK_OK(verify_text(&scene, text, &token), scene.err);
		CHECK_TEXT(token.subject, "ana");
		CHECK_TEXT(token.client, "desk");
		CHECK_INT(token.expires_s, NOW_S + 300);
		CHECK(access_token_has_scope(&token, "constable:responder"));
		CHECK(access_token_has_scope(&token, "openid"));
		CHECK(!access_token_has_scope(&token, "constable:respond"));
		CHECK(!access_token_has_scope(&token, "") && !access_token_has_scope(&token, " "));
		CHECK(access_token_claims(&token, "roles", "dba"));
		CHECK(!access_token_claims(&token, "roles", "db"));
		CHECK(access_token_claims(&token, "sub", "ana"));
		CHECK(!access_token_claims(&token, "groups", "ana"));
	}
}

TEST(a_changed_token_does_not_hold)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(text) char *text = NULL;

	scene_make(&scene);
	text = sign(&scene, KEY_ES256);
	for (size_t i = 0; i < strlen(text); i += 3) {
		CLEANUP(access_token) struct access_token token = { 0 };
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		CHECK(verify_text(&scene, text, &token) < 0);
		text[i] = was;
	}
}

TEST(nobody_chooses_how_a_token_is_checked)
{
	CLEANUP(scene) struct scene scene;
	static const struct {
		const char *member, *value;
		int code;
	} rows[] = {
		{ "alg", "none", -EKEYREJECTED }, { "alg", "HS256", -EKEYREJECTED },
		{ "alg", "RS256", -ENOKEY },      { "alg", "es256", -EKEYREJECTED },
		{ "kid", "RS256", -ENOKEY },      { "kid", "../etc/passwd", -ENOKEY },
		{ "typ", "JWT", -EKEYREJECTED },  { "crit", "b64", -EKEYREJECTED },
	};

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_decref(scene.head);
		scene.head = test_issuer_head(KEY_ES256);
		json_put(scene.head, rows[i].member, json_string(rows[i].value));
		CHECK_INT(verify(&scene), rows[i].code);
	}
	json_decref(scene.head);
	scene.head = test_issuer_head(KEY_ES256);
	json_put(scene.head, "typ", json_string("application/AT+JWT"));
	CHECK_INT(verify(&scene), 0);
	(void)json_object_del(scene.head, "kid"); /* one key of that algorithm: no doubt */
	CHECK_INT(verify(&scene), 0);
}

TEST(a_key_of_another_issuer_is_none)
{
	CLEANUP(scene) struct scene scene;
	CLEANUP(test_issuer) struct test_issuer other = { 0 };
	CLEANUP(text) char *claims = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(access_token) struct access_token token = { 0 };

	scene_make(&scene);
	test_issuer_make(&other);
	claims = json_canonical(scene.claims);
	text = test_issuer_sign(&other, KEY_ES256, scene.head,
				(struct str) { claims, strlen(claims) });
	CHECK_INT(verify_text(&scene, text, &token), -EBADE);
}

TEST(each_claim_is_checked)
{
	CLEANUP(scene) struct scene scene;
	static const struct {
		const char *claims; /* in place of the good ones */
		int code;
	} rows[] = {
		{ "{\"iss\":\"" ISSUER "/\"}", -EACCES },
		{ "{\"iss\":null}", -EACCES },
		{ "{\"aud\":\"" US "/\"}", -EACCES },
		{ "{\"aud\":[\"https://other\"]}", -EACCES },
		{ "{\"aud\":null}", -EACCES },
		{ "{\"aud\":[\"https://other\",\"" US "\"]}", 0 },
		{ "{\"exp\":null}", -EBADMSG },
		{ "{\"exp\":\"1900000000\"}", -EBADMSG },
		{ "{\"exp\":-1}", -EBADMSG },
		{ "{\"exp\":1e300}", -EBADMSG },
		{ "{\"exp\":1799999940}", -EKEYEXPIRED },
		{ "{\"exp\":1799999941}", 0 },
		{ "{\"exp\":1800000300.5}", 0 },
		{ "{\"nbf\":1800000060}", 0 },
		{ "{\"nbf\":1800000061}", -EKEYEXPIRED },
		{ "{\"iat\":1800000061}", -EKEYEXPIRED },
		{ "{\"sub\":\"\"}", -EBADMSG },
		{ "{\"sub\":\"a b\"}", -EBADMSG },
		{ "{\"sub\":\"a\\nb\"}", -EBADMSG },
		{ "{\"sub\":7}", -EBADMSG },
		{ "{\"client_id\":\"a b\"}", -EBADMSG },
		{ "{\"azp\":\"a b\"}", 0 }, /* not asked where there is a client_id */
	};

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(json) json_t *change = json_loads(rows[i].claims, 0, NULL);
		json_t *good = scene.claims;

		scene.claims = json_deep_copy(good);
		CHECK(change && json_object_update(scene.claims, change) == 0);
		if (verify(&scene) != rows[i].code)
			FAIL("%s: %d, '%s'", rows[i].claims, scene.err.code, scene.err.text);
		json_decref(scene.claims);
		scene.claims = good;
	}
}

/* The token of the scene's claims, with these changed (null: left out). */
static void read_changed(struct scene *scene, const char *changes, struct access_token *token_out)
{
	CLEANUP(json) json_t *change = json_loads(changes, 0, NULL);
	CLEANUP(text) char *text = NULL;
	const char *name;
	json_t *value;

	json_object_foreach(change, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(scene->claims, name);
		else
			json_put(scene->claims, name, json_incref(value));
	}
	text = sign(scene, KEY_ES256);
	CHECK_OK(verify_text(scene, text, token_out), scene->err);
}

TEST(without_client_id_the_client_is_azp_or_unknown)
{
	static const char *const rows[][2] = {
		{ "{\"azp\":\"other\"}", "desk" },
		{ "{\"client_id\":null}", "other" },
		{ "{\"azp\":null}", "" },
	};
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(access_token) struct access_token token = { 0 };

		read_changed(&scene, rows[i][0], &token);
		CHECK_TEXT(token.client, rows[i][1]);
	}
}

TEST(a_claim_names_its_person_or_nobody)
{
	static const struct {
		const char *changes, *claim, *name; /* NULL: nobody */
	} rows[] = {
		{ "{\"preferred_username\":\"ana\"}", "preferred_username", "ana" },
		{ "{\"preferred_username\":\"ana b\"}", "preferred_username", NULL },
		{ "{\"preferred_username\":7}", "preferred_username", NULL },
		{ "{\"preferred_username\":null}", "preferred_username", NULL },
		{ "{\"email\":\"ana@example.org\"}", "email", NULL },
		{ "{\"email_verified\":true}", "email", "ana@example.org" },
		{ "{\"email_verified\":false}", "email", NULL },
		{ "{\"email_verified\":\"false\"}", "email", NULL },
		{ "{\"email_verified\":\"true\"}", "email", NULL },
		{ "{\"email_verified\":1}", "email", NULL },
		{ "{\"email_verified\":null}", "email", NULL },
	};
	CLEANUP(scene) struct scene scene;

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(access_token) struct access_token token = { 0 };
		char name[ACCESS_TOKEN_NAME_BYTES] = "";

		read_changed(&scene, rows[i].changes, &token);
		if (access_token_name(&token, rows[i].claim, name) != (rows[i].name != NULL))
			FAIL("%s: '%s'", rows[i].changes, name);
		CHECK_TEXT(name, rows[i].name ? rows[i].name : "");
	}
}

TEST(what_is_no_token_is_refused_and_repeated_nowhere)
{
	CLEANUP(scene) struct scene scene;
	static const char *const refused[] = { "",    ".",     "..",        "a.b",      "a.b.c.d",
					       "...", "a..c",  "e30.e30",   "e30..e30", "e30.e30.!",
					       "{}.", "x.y.z", "W10.e30.AA" };

	scene_make(&scene);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(access_token) struct access_token token = { 0 };

		CHECK(verify_text(&scene, refused[i], &token) < 0);
	}
	CHECK(!access_token_is("cst_abc", 7));
	json_put(scene.claims, "iss", json_string("https://evil-name.example"));
	CHECK_INT(verify(&scene), -EACCES);
	CHECK(!strstr(scene.err.text, "evil-name"));
}

TEST(a_token_has_a_ceiling)
{
	CLEANUP(scene) struct scene scene;
	static char big[ACCESS_TOKEN_MAX_BYTES];

	scene_make(&scene);
	memset(big, 'a', sizeof(big) - 1);
	json_put(scene.claims, "big", json_string(big));
	CHECK_INT(verify(&scene), -EBADMSG);
}
