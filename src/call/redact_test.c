#include "call/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

#define A16 "ABCDEFGHIJ234567"
#define N20 "a1B2c3D4e5F6g7H8i9J0"
#define N36 N20 "k1L2m3N4o5P6q7R8"
#define HEX32 "0123456789abcdef0123456789abcdef"

static char *redact(const char *text, size_t len)
{
	struct redactor *redactor = redactor_new();
	struct buf out;
	char *copy;

	buf_init(&out, 8 * MIB);
	(void)redact_text(redactor, text, len, &out);
	redactor_free(redactor);
	copy = strdup(buf_text(&out));
	buf_finish(&out);
	return copy;
}

static void check_becomes(const char *text, const char *expected)
{
	CLEANUP(text) char *is = redact(text, strlen(text));

	CHECK_TEXT(is, expected);
}

static void check_stays(const char *text)
{
	check_becomes(text, text);
}

/* Each known token, as it stands in files, logs, command lines and JSON. */
static const struct {
	const char *kind, *secret;
} tokens[] = {
	{ "aws-access-key", "AKIA" A16 },
	{ "aws-access-key", "ASIA" A16 },
	{ "gcp-api-key", "AIza" N20 "-_k1L2m3N4o5P6q" },
	{ "gcp-token", "ya29." N36 },
	{ "gcp-secret", "GOCSPX-" N20 "abcdefgh" },
	{ "digitalocean-token", "dop_v1_" HEX32 HEX32 },
	{ "heroku-token", "HRKU-AA" N36 },
	{ "github-token", "ghp_" N36 },
	{ "github-token", "gho_" N36 },
	{ "github-token", "ghs_" N36 },
	{ "github-token", "github_pat_11" N20 "_" N36 },
	{ "gitlab-token", "glpat-" N20 },
	{ "npm-token", "npm_" N36 },
	{ "pypi-token", "pypi-AgEIcHlwaS5vcmc" N36 },
	{ "docker-token", "dckr_pat_" N20 "-_abcde" },
	{ "slack-token", "xoxb-123456789012-123456789012-" N20 },
	{ "slack-token", "xoxp-123456789012-" N20 },
	{ "stripe-key", "sk_live_" N20 "abcd" },
	{ "stripe-key", "rk_test_" N20 "abcd" },
	{ "twilio-key", "SK" HEX32 },
	{ "sendgrid-key", "SG." N20 "ab." N36 "abcdefg" },
	{ "vault-token", "hvs." N36 },
	{ "anthropic-key", "sk-ant-api03-" N36 "-AA" },
	{ "openai-key", "sk-proj-" N36 },
	{ "openai-key", "sk-" N36 },
	{ "telegram-token", "123456789:AAabcdefghijklmnopqrstuvwxyz-_12345" },
	{ "discord-token", "MTA1234567890123456789012.GabcDE." N36 },
	{ "jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4" },
	{ "password-hash", "$6$rounds=5000$saltsalt$" N36 N36 "./ab" },
	{ "password-hash", "$y$j9T$" N20 "$" N36 },
	{ "password-hash", "$2y$10$" N36 N20 },
	{ "password-hash", "$apr1$abcdefgh$" N20 "12" },
	{ "mailgun-key", "key-" HEX32 },
	{ "databricks-token", "dapi" HEX32 },
	{ "slack-webhook", "hooks.slack.com/services/T00000000/B00000000/" N20 },
};

TEST(every_known_token_is_found_wherever_it_stands)
{
	static const char *const places[][2] = {
		{ "", "" },
		{ "found ", " in the log\n" },
		{ "export X='", "'\n" },
		{ "{\\\"value\\\": \\\"", "\\\"}" },
		{ "a=1&b=", "&c=2" },
		{ "first\\n", "\\nlast" },
		{ "(", ")" },
		{ "x: ", ", y: 2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		for (size_t k = 0; k < ARRAY_LEN(places); k++) {
			char text[1024], expected[1024];

			(void)snprintf(text, sizeof(text), "%s%s%s", places[k][0], tokens[i].secret,
				       places[k][1]);
			(void)snprintf(expected, sizeof(expected), "%s[redacted:%s]%s",
				       places[k][0], tokens[i].kind, places[k][1]);
			check_becomes(text, expected);
		}
	}
}

TEST(a_private_key_of_any_type_is_hidden_whole)
{
	static const char *const types[] = { "", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED " };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "before\n-----BEGIN %sPRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc+/=\n"
			       "-----END %sPRIVATE KEY-----\nafter",
			       types[i], types[i]);
		check_becomes(text, "before\n[redacted:private-key]\nafter");
	}
	check_becomes("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\nlQdGBF\n=abcd\n"
		      "-----END PGP PRIVATE KEY BLOCK-----",
		      "[redacted:private-key]");
	check_becomes("{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\nabcd\\n"
		      "-----END PRIVATE KEY-----\\n\", \"client_email\": \"a@b\"}",
		      "{\"private_key\": \"[redacted:private-key]\", \"client_email\": \"a@b\"}");
}

TEST(half_a_private_key_is_hidden_too)
{
	check_becomes(
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEpAIBAAKCAQEA\nMIIE",
		"[redacted:private-key]");
	check_becomes("log line: x\nMIIEpAIBAAKCAQEA\nabcdefgh==\n-----END RSA PRIVATE "
		      "KEY-----\nafter: y",
		      "log line: x\n[redacted:private-key]\nafter: y");
	check_becomes("-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nerror: it went wrong here",
		      "[redacted:private-key]\nerror: it went wrong here");
}

TEST(passwords_in_urls_are_hidden_and_the_rest_stays)
{
	check_becomes("postgres://app:hunter2@db:5432/shop?x=1",
		      "postgres://app:[redacted:password]@db:5432/shop?x=1");
	check_becomes("redis://:s3cret@cache:6379/0", "redis://:[redacted:password]@cache:6379/0");
	check_becomes("'https://bob:p@ss:w@example.com/a'",
		      "'https://bob:[redacted:password]@example.com/a'");
	check_becomes("amqp://u:p%40ss@q/v mongodb+srv://u:pw@h/d",
		      "amqp://u:[redacted:password]@q/v mongodb+srv://u:[redacted:password]@h/d");
	check_becomes("git clone https://a1B2c3D4e5F6g7H8i9J0@git.example.com/a.git",
		      "git clone https://[redacted:token]@git.example.com/a.git");
	check_stays("https://first.last.of.a.long.name.1987@example.com/a");
	check_stays("https://averylongnamewithoutdigits@example.com/a");
	check_stays("https://example.com:8080/a@b");
	check_stays("see http://[::1]:9090/metrics and mailto:bob@example.com");
	check_stays("ssh://git@github.com:22/a/b.git");
	check_stays("postgres://app:${DB_PASSWORD}@db/shop");
}

TEST(secrets_of_configuration_lines_are_hidden)
{
	check_becomes("password: hunter2\nuser: bob", "password: [redacted:password]\nuser: bob");
	check_becomes("password=hunter2", "password=[redacted:password]");
	check_becomes("  DB_PASSWORD = \"hunter 2\" # x",
		      "  DB_PASSWORD = \"[redacted:password]\" # x");
	check_becomes("{\"password\": \"x;y,z\", \"user\": \"bob\"}",
		      "{\"password\": \"[redacted:password]\", \"user\": \"bob\"}");
	check_becomes("{\\\"passwd\\\":\\\"hunter2\\\",\\\"a\\\":1}",
		      "{\\\"passwd\\\":\\\"[redacted:password]\\\",\\\"a\\\":1}");
	check_becomes("api_key=abc123def456", "api_key=[redacted:api-key]");
	check_becomes("apiKey: 'abc123def456'", "apiKey: '[redacted:api-key]'");
	check_becomes("client_secret=letmein", "client_secret=[redacted:secret]");
	check_becomes("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		      "aws_secret_access_key = [redacted:secret]");
	check_becomes("host=db user=app password=hunter2 dbname=shop",
		      "host=db user=app password=[redacted:password] dbname=shop");
	check_becomes("Server=db;Uid=app;Pwd=hunter2;Database=shop",
		      "Server=db;Uid=app;Pwd=[redacted:password];Database=shop");
	check_becomes(
		"DefaultEndpointsProtocol=https;AccountKey=" N36 "==;EndpointSuffix=x",
		"DefaultEndpointsProtocol=https;AccountKey=[redacted:api-key];EndpointSuffix=x");
	check_becomes("?sv=2022&sig=" N36 "abcdefgh%3D&se=1", "?sv=2022&[redacted:azure-sas]&se=1");
	check_becomes("<password>hunter2</password>", "<password>[redacted:password]</password>");
	check_becomes("define('DB_PASSWORD', 'hunter2');",
		      "define('DB_PASSWORD', '[redacted:password]');");
	check_becomes("'password' => 'hunter2',", "'password' => '[redacted:password]',");
	check_becomes("requirepass foobared\nport 6379",
		      "requirepass [redacted:password]\nport 6379");
	check_becomes("machine api.example.com login bob password hunter2",
		      "machine api.example.com login bob password [redacted:password]");
	check_becomes("machine a\n\tlogin bob\n\tpassword hunter2\nmachine b",
		      "machine a\n\tlogin bob\n\tpassword [redacted:password]\nmachine b");
	check_stays("the machine asked for a login and a password twice");
	check_becomes("\tpsk=\"correct horse battery\"", "\tpsk=\"[redacted:private-key]\"");
	check_stays("psk: disabled");
	check_becomes("{\"auths\": {\"r\": {\"auth\": \"dXNlcjpwYXNzd29yZDEyMw==\"}}}",
		      "{\"auths\": {\"r\": {\"auth\": \"[redacted:authorization]\"}}}");
	check_stays("auth: pam_unix2 and \"auth\": \"basic\"");
	check_becomes("PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
		      "PrivateKey = [redacted:private-key]");
	check_becomes("GET /reset?token=a1b2c3d4e5&x=1 HTTP/1.1",
		      "GET /reset?token=[redacted:token]&x=1 HTTP/1.1");
	check_becomes("ALTER USER bob PASSWORD 'hunter2'",
		      "ALTER USER bob PASSWORD '[redacted:password]'");
	check_becomes("CREATE USER x IDENTIFIED BY 'hunter2'",
		      "CREATE USER x IDENTIFIED BY '[redacted:password]'");
}

TEST(secrets_of_the_environment_are_hidden)
{
	check_becomes("PGPASSWORD=hunter2 psql", "PGPASSWORD=[redacted:password] psql");
	check_becomes("MYSQL_PWD=hunter2", "MYSQL_PWD=[redacted:password]");
	check_becomes("REDISCLI_AUTH=hunter2", "REDISCLI_AUTH=[redacted:password]");
	check_becomes("PGPASSWORD=a;b&c,d", "PGPASSWORD=[redacted:password]");
	check_becomes("MY_TOKEN=a1b2c3d4e5", "MY_TOKEN=[redacted:token]");
	check_becomes("DEPLOY_KEY=a1b2c3d4e5", "DEPLOY_KEY=[redacted:api-key]");
	check_becomes("HEROKU_API_KEY=01234567-89ab-cdef-0123-456789abcdef",
		      "HEROKU_API_KEY=[redacted:api-key]");
}

TEST(an_environment_between_nuls_is_searched)
{
	static const char text[] = "A=1\0STRIPE_SECRET=let;me in\0B=2";
	static const char expected[] = "A=1\0STRIPE_SECRET=[redacted:secret] in\0B=2";
	struct redactor *redactor = redactor_new();
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, 1 * KIB);
	CHECK_INT(redact_text(redactor, text, sizeof(text) - 1, &out), 1);
	redactor_free(redactor);
	CHECK_INT(out.len, sizeof(expected) - 1);
	CHECK(memcmp(out.data, expected, out.len) == 0);
}

TEST(secrets_of_command_lines_are_hidden)
{
	check_becomes("app --password hunter2 --user bob",
		      "app --password [redacted:password] --user bob");
	check_becomes("app --password=hunter2 --user bob",
		      "app --password=[redacted:password] --user bob");
	check_becomes("mysql -uroot -phunter2 shop", "mysql -uroot -p[redacted:password] shop");
	check_becomes("/usr/bin/mysqldump -h db -p'hun ter2' shop",
		      "/usr/bin/mysqldump -h db -p'[redacted:password]' shop");
	check_becomes("sshpass -p hunter2 ssh bob@host",
		      "sshpass -p [redacted:password] ssh bob@host");
	check_becomes("curl -s -u bob:hunter2 https://x/",
		      "curl -s -u bob:[redacted:password] https://x/");
	check_becomes("curl -H 'Authorization: Basic Ym9iOmh1bnRlcjI=' x",
		      "curl -H 'Authorization: Basic [redacted:authorization]' x");
	check_becomes("redis-cli -h c -a hunter2 ping",
		      "redis-cli -h c -a [redacted:password] ping");
	check_becomes("curl -H 'X-Api-Key: a1b2c3d4e5' -u bob:hunter2 https://a:b@h -U x:hunter3",
		      "curl -H 'X-Api-Key: [redacted:api-key]' -u bob:[redacted:password] "
		      "https://a:[redacted:password]@h -U x:[redacted:password]");
	check_becomes("ssh h curl -s u | mongo -p hunter2 x; curl -u bob:hunter3 u",
		      "ssh h curl -s u | mongo -p [redacted:password] x; "
		      "curl -u bob:[redacted:password] u");
	check_becomes("curl mongo -p hunter2 -u bob:hunter3 u",
		      "curl mongo -p [redacted:password] -u bob:[redacted:password] u");
	check_becomes("openssl enc -k hunter2 -in x", "openssl enc -k [redacted:password] -in x");
	check_becomes("snmpget -v3 -u bob -A hunter2 -X hunter3 host",
		      "snmpget -v3 -u bob -A [redacted:password] -X [redacted:password] host");
	check_becomes("openssl rsa -passin pass:hunter2 -in k",
		      "openssl rsa -passin pass:[redacted:password] -in k");
	check_stays("openssl rsa -passin file:/etc/k -in k");
	check_stays("docker run -p 8080:80 nginx");
	check_stays("mysql -u root -p shop");
	check_stays("cp -p a b; mkdir -p /x; ssh -p 22 host");
	check_stays("app --password-file /run/secrets/db --token-ttl 30");
}

TEST(headers_keep_their_name_and_lose_their_value)
{
	check_becomes("Authorization: Bearer abc.def-123\r\nHost: x",
		      "Authorization: Bearer [redacted:authorization]\r\nHost: x");
	check_becomes("Cookie: session=abcdef; a=b\nHost: x", "Cookie: [redacted:cookie]\nHost: x");
	check_becomes("Set-Cookie: id=abcdef123; Path=/", "Set-Cookie: [redacted:cookie]");
	check_becomes("{\"Authorization\": \"Bearer abcdefgh\"}",
		      "{\"Authorization\": \"Bearer [redacted:authorization]\"}");
	check_becomes("sent bearer " N36 " to x", "sent [redacted:bearer-token] to x");
	check_becomes("X-Api-Key: a1b2c3d4e5", "X-Api-Key: [redacted:api-key]");
}

TEST(evidence_is_never_taken_for_a_secret)
{
	static const char *const texts[] = {
		"commit 3f786850e387550fdab836ed7e6dc881de23001b",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"UUID=0a3407de-014b-458b-b5c1-848e92a327a3 / ext4 defaults 0 1",
		"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG\n-----END "
		"CERTIFICATE-----",
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----",
		"/var/run/secrets/kubernetes.io/serviceaccount/token: permission denied",
		"/run/secrets/password: No such file or directory",
		"/srv/app/token_cache/secret_store.db",
		"FATAL:  password authentication failed for user \"bob\"",
		"DETAIL:  Connection matched pg_hba.conf line 95: \"host all all 0.0.0.0/0 md5\"",
		"sshd[12]: Failed password for invalid user admin from 10.0.0.1 port 22 ssh2",
		"sshd[12]: Accepted publickey for root from 10.0.0.1 port 22 ssh2: RSA "
		"SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDCzQAeHUTCy8pR0LM",
		"10.0.0.1 - - [22/Nov/2026:17:03:25 +0000] \"GET /token/list HTTP/1.1\" 200 512 "
		"\"-\" "
		"\"curl/7.88.1\"",
		"nginx: [emerg] cannot load certificate key \"/etc/ssl/private/x.key\": "
		"BIO_new_file() "
		"failed",
		"connect() failed (111: Connection refused) while connecting to upstream, "
		"upstream: "
		"\"http://127.0.0.1:9000/\"",
		"Access denied for user 'root'@'localhost' (using password: YES)",
		"max_key_length: 64",
		"keyboard: us",
		"PWD=/home/bob ; USER=root ; COMMAND=/bin/ls",
		"PWD=/",
		"password: must be at least 8 characters",
		"password_encryption = scram-sha-256",
		"PasswordAuthentication no",
		"password expired: yes",
		"Unexpected token: }",
		"SyntaxError: Unexpected token < in JSON at position 0",
		"unexpected token: end of file",
		"n_tokens: 4096 max_tokens=2048 token=12",
		"ssl_key=/etc/ssl/private/server.key",
		"SSL_KEY=/etc/ssl/private/server.key",
		"primary_key: id, foreign_key: user_id",
		"primary key: customers_pkey",
		"secretName: db-credentials",
		"Key (id)=(42) already exists.",
		"MemTotal:       16316412 kB\nSwapCached:            0 kB\nKReclaimable: 12 kB",
		"flags : fpu vme de pse tsc msr pae mce cx8 apic sep mtrr",
		"BOOT_IMAGE=/vmlinuz-6.1.0 root=UUID=0a3407de-014b-458b-b5c1-848e92a327a3 ro quiet",
		"password: ${DB_PASSWORD}",
		"password=********",
		"auth required pam_unix.so nullok",
		"root:x:0:0:root:/root:/bin/bash",
		"root:*:19000:0:99999:7:::",
		"disk-encryption-setup-failed task sk-learn risk-assessment-of-the-new-thing",
		"echo $1 $2 $6",
		"SELECT token FROM sessions WHERE id = 7",
		"if (password == NULL) return;",
		"no cookie: none",
		"authorization: none",
		"bearer authentication is required here",
		"docker.io/library/nginx@sha256:"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"eyJ is how they begin",
		"2026-11-22T17:03:25.123Z 12345678:AAAA",
		"Bad activity token: android.os.BinderProxy@11d95c6d",
		"card 4111 1111 1111 1111",
		"secret \"db-credentials\" not found",
		"std::string password::hash",
		"bypass: true, compass: north, tests pass: 12",
		"http://user@host/ and a@b.c:80",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check_stays(texts[i]);
}

/* Each was once read to the end of the text from every anchor in it. */
TEST(a_text_of_anchors_is_searched_within_bounds)
{
	static const char *const anchors[] = { "-----BEGIN PRIVATE KEY-----", "curl -u ",
					       "cookie:<", "password '<", "mysql " };

	for (size_t i = 0; i < ARRAY_LEN(anchors); i++) {
		static char text[256 * KIB];
		uint64_t start = clock_monotonic_ns();
		size_t len = strlen(anchors[i]);

		for (size_t k = 0; k + len < sizeof(text); k += len)
			memcpy(text + k, anchors[i], len);
		free(redact(text, sizeof(text)));
		/* A second and less here; minutes without the bounds. */
		CHECK(clock_monotonic_ns() - start < 30 * NS_PER_SEC);
	}
}

TEST(redacting_twice_changes_nothing)
{
	check_stays("password: [redacted:password]\nurl=postgres://a:[redacted:password]@b\n"
		    "Authorization: Bearer [redacted:authorization]\nx -p [redacted:password]");
}
