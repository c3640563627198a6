/* What secrets look like. One line a pattern; an anchor stands in one line only. */
#include "call/redact_internal.h"

#define ANCHOR(text) text, sizeof(text) - 1
#define TOKEN(anchor, exact, kind, chars, min, max, flags)                       \
	{                                                                        \
		ANCHOR(anchor), kind, match_token, exact, chars, min, max, flags \
	}
#define NAME(anchor, kind, flags)                                       \
	{                                                               \
		ANCHOR(anchor), kind, match_named, NULL, 0, 0, 0, flags \
	}
#define COMMAND(anchor)                                                       \
	{                                                                     \
		ANCHOR(anchor), "password", match_command, anchor, 0, 0, 0, 0 \
	}
#define HASH(anchor, exact)                                                                    \
	{                                                                                      \
		ANCHOR(anchor), "password-hash", match_token, exact,                           \
			CHARS_ALNUM | CHAR_BASE64 | CHAR_DOT | CHAR_HASH | CHAR_DASH, 20, 256, \
			PATTERN_LOOSE                                                          \
	}

const struct pattern redact_patterns[] = {
	/* Keys as files have them */
	{ ANCHOR("-----begin "), "private-key", match_key_begin, "-----BEGIN ", 0, 0, 0, 0 },
	{ ANCHOR("-----end "), "private-key", match_key_end, "-----END ", 0, 0, 0, 0 },
	TOKEN("age-secret-key-1", "AGE-SECRET-KEY-1", "private-key", CHARS_ALNUM, 50, 80, 0),

	/* Clouds */
	TOKEN("akia", "AKIA", "aws-access-key", CHAR_UPPER | CHAR_DIGIT, 16, 16, 0),
	TOKEN("asia", "ASIA", "aws-access-key", CHAR_UPPER | CHAR_DIGIT, 16, 16, 0),
	TOKEN("abia", "ABIA", "aws-access-key", CHAR_UPPER | CHAR_DIGIT, 16, 16, 0),
	TOKEN("acca", "ACCA", "aws-access-key", CHAR_UPPER | CHAR_DIGIT, 16, 16, 0),
	TOKEN("aiza", "AIza", "gcp-api-key", CHARS_URL, 35, 35, 0),
	TOKEN("ya29.", "ya29.", "gcp-token", CHARS_NAME, 20, 2048, 0),
	TOKEN("gocspx-", "GOCSPX-", "gcp-secret", CHARS_URL, 20, 40, 0),
	TOKEN("sig=", NULL, "azure-sas", CHARS_B64 | CHAR_PERCENT, 40, 120, 0),
	TOKEN("dop_v1_", NULL, "digitalocean-token", CHARS_HEX, 64, 64, 0),
	TOKEN("doo_v1_", NULL, "digitalocean-token", CHARS_HEX, 64, 64, 0),
	TOKEN("dor_v1_", NULL, "digitalocean-token", CHARS_HEX, 64, 64, 0),
	TOKEN("hrku-", "HRKU-", "heroku-token", CHARS_URL, 30, 80, 0),
	TOKEN("dapi", "dapi", "databricks-token", CHARS_HEX | CHAR_DASH, 32, 34, 0),

	/* Code and packages */
	TOKEN("ghp_", NULL, "github-token", CHARS_ALNUM, 30, 255, 0),
	TOKEN("gho_", NULL, "github-token", CHARS_ALNUM, 30, 255, 0),
	TOKEN("ghu_", NULL, "github-token", CHARS_ALNUM, 30, 255, 0),
	TOKEN("ghs_", NULL, "github-token", CHARS_ALNUM, 30, 255, 0),
	TOKEN("ghr_", NULL, "github-token", CHARS_ALNUM, 30, 255, 0),
	TOKEN("github_pat_", NULL, "github-token", CHARS_WORD, 22, 255, 0),
	TOKEN("glpat-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("gldt-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("glrt-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("glcbt-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("glptt-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("glsoat-", NULL, "gitlab-token", CHARS_NAME, 20, 255, 0),
	TOKEN("npm_", NULL, "npm-token", CHARS_ALNUM, 36, 36, 0),
	TOKEN("pypi-", NULL, "pypi-token", CHARS_URL, 50, 512, 0),
	TOKEN("rubygems_", NULL, "rubygems-token", CHARS_HEX, 48, 48, 0),
	TOKEN("dckr_pat_", NULL, "docker-token", CHARS_URL, 20, 64, 0),
	TOKEN("atatt3", "ATATT3", "atlassian-token", CHARS_URL | CHAR_BASE64, 50, 512, 0),

	/* Services */
	TOKEN("xoxb-", NULL, "slack-token", CHARS_URL, 10, 255, 0),
	TOKEN("xoxp-", NULL, "slack-token", CHARS_URL, 10, 255, 0),
	TOKEN("xoxa-", NULL, "slack-token", CHARS_URL, 10, 255, 0),
	TOKEN("xoxr-", NULL, "slack-token", CHARS_URL, 10, 255, 0),
	TOKEN("xoxs-", NULL, "slack-token", CHARS_URL, 10, 255, 0),
	TOKEN("xoxe", NULL, "slack-token", CHARS_NAME, 20, 255, 0),
	TOKEN("xapp-", NULL, "slack-token", CHARS_URL, 20, 255, 0),
	TOKEN("hooks.slack.com/services/", NULL, "slack-webhook", CHARS_ALNUM | CHAR_BASE64, 30,
	      120, 0),
	TOKEN("discord.com/api/webhooks/", NULL, "discord-webhook", CHARS_URL | CHAR_BASE64, 60,
	      160, 0),
	{ ANCHOR(".g"), "discord-token", match_discord, ".G", 0, 0, 0, 0 },
	{ ANCHOR(":aa"), "telegram-token", match_telegram, ":AA", 0, 0, 0, 0 },
	TOKEN("sk_live_", NULL, "stripe-key", CHARS_ALNUM, 16, 255, 0),
	TOKEN("sk_test_", NULL, "stripe-key", CHARS_ALNUM, 16, 255, 0),
	TOKEN("rk_live_", NULL, "stripe-key", CHARS_ALNUM, 16, 255, 0),
	TOKEN("rk_test_", NULL, "stripe-key", CHARS_ALNUM, 16, 255, 0),
	TOKEN("whsec_", NULL, "stripe-key", CHARS_B64, 24, 255, 0),
	TOKEN("sk", "SK", "twilio-key", CHARS_HEX, 32, 32, 0),
	TOKEN("sg.", "SG.", "sendgrid-key", CHARS_NAME, 60, 80, 0),
	TOKEN("key-", "key-", "mailgun-key", CHARS_HEX, 32, 32, 0),
	TOKEN("hvs.", "hvs.", "vault-token", CHARS_URL, 20, 512, 0),
	TOKEN("hvb.", "hvb.", "vault-token", CHARS_URL, 20, 512, 0),
	TOKEN("hvr.", "hvr.", "vault-token", CHARS_URL, 20, 512, 0),
	TOKEN("sk-ant-", NULL, "anthropic-key", CHARS_URL, 20, 255, 0),
	TOKEN("sk-", "sk-", "openai-key", CHARS_URL, 20, 255, PATTERN_MIXED | PATTERN_NO_ANT),
	TOKEN("hf_", "hf_", "huggingface-token", CHARS_ALNUM, 30, 64, 0),
	TOKEN("gsk_", "gsk_", "groq-key", CHARS_ALNUM, 40, 80, 0),
	TOKEN("shpat_", NULL, "shopify-token", CHARS_ALNUM, 32, 64, 0),
	TOKEN("shpss_", NULL, "shopify-token", CHARS_ALNUM, 32, 64, 0),
	TOKEN("glsa_", NULL, "grafana-token", CHARS_WORD, 32, 64, 0),
	TOKEN("nrak-", "NRAK-", "newrelic-key", CHAR_UPPER | CHAR_DIGIT, 20, 40, 0),
	TOKEN("tskey-", NULL, "tailscale-key", CHARS_URL, 16, 80, 0),
	TOKEN("lin_api_", NULL, "linear-key", CHARS_ALNUM, 30, 64, 0),
	{ ANCHOR("eyj"), "jwt", match_jwt, "eyJ", 0, 0, 0, 0 },

	/* Protocols */
	{ ANCHOR("authorization"), "authorization", match_header, NULL, 0, 1, 4, 0 },
	{ ANCHOR("cookie"), "cookie", match_header, NULL, 0, 0, 8, 0 },
	TOKEN("bearer ", NULL, "bearer-token", CHARS_NAME | CHAR_BASE64 | CHAR_TILDE, 20, 4096,
	      PATTERN_MIXED),
	{ ANCHOR("://"), "password", match_url, NULL, 0, 0, 0, 0 },
	{ ANCHOR("machine "), "password", match_netrc, NULL, 0, 0, 0, 0 },
	{ ANCHOR("password '"), "password", match_sql, NULL, 0, 0, 0, 0 },
	{ ANCHOR("identified by '"), "password", match_sql, NULL, 0, 0, 0, 0 },

	/* Stored passwords */
	HASH("$1$", "$1$"),
	HASH("$5$", "$5$"),
	HASH("$6$", "$6$"),
	HASH("$7$", "$7$"),
	HASH("$y$", "$y$"),
	HASH("$gy$", "$gy$"),
	HASH("$2a$", "$2a$"),
	HASH("$2b$", "$2b$"),
	HASH("$2y$", "$2y$"),
	HASH("$apr1$", "$apr1$"),
	HASH("$argon2", "$argon2"),
	HASH("{sha}", "{SHA}"),
	HASH("{ssha}", "{SSHA}"),
	TOKEN("scram-sha-256$", "SCRAM-SHA-256$", "password-hash", CHARS_B64 | CHAR_HASH, 40, 256,
	      0),

	/* Names: the end of a key, an option or a variable */
	NAME("password", "password", 0),
	NAME("passwd", "password", 0),
	NAME("passphrase", "password", 0),
	NAME("pwd", "password", 0),
	NAME("passwort", "password", 0),
	NAME("pass", "password", PATTERN_PART | PATTERN_WEAK),
	NAME("requirepass", "password", PATTERN_DIRECTIVE),
	NAME("masterauth", "password", PATTERN_DIRECTIVE),
	NAME("cli_auth", "password", 0),
	NAME("secret", "secret", PATTERN_PART),
	NAME("secret_key", "secret", PATTERN_PART),
	NAME("secret-key", "secret", PATTERN_PART),
	NAME("secretkey", "secret", PATTERN_PART),
	NAME("secret_key_base", "secret", PATTERN_PART),
	NAME("secret_access_key", "secret", PATTERN_PART),
	NAME("secret-access-key", "secret", PATTERN_PART),
	NAME("secretaccesskey", "secret", PATTERN_PART),
	NAME("private_key", "private-key", PATTERN_PART),
	NAME("private-key", "private-key", PATTERN_PART | PATTERN_WEAK),
	NAME("privatekey", "private-key", PATTERN_PART | PATTERN_WEAK),
	NAME("presharedkey", "private-key", PATTERN_PART),
	NAME("preshared_key", "private-key", PATTERN_PART),
	NAME("pre-shared-key", "private-key", PATTERN_PART),
	NAME("psk", "private-key", PATTERN_PART),
	NAME("token", "token", PATTERN_WEAK | PATTERN_PART),
	NAME("authtoken", "token", PATTERN_WEAK),
	NAME("accesstoken", "token", PATTERN_WEAK),
	NAME("api_key", "api-key", PATTERN_WEAK),
	NAME("api-key", "api-key", PATTERN_WEAK),
	NAME("apikey", "api-key", PATTERN_WEAK),
	NAME("access_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("access-key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("accesskey", "api-key", PATTERN_WEAK),
	NAME("account_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("accountkey", "api-key", PATTERN_WEAK),
	NAME("shared_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("auth_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("authkey", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("encryption_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("encryptionkey", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("signing_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("master_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("license_key", "api-key", PATTERN_WEAK | PATTERN_PART),
	NAME("_key", "api-key", PATTERN_VARIABLE),
	NAME("_auth", "authorization", PATTERN_WEAK),
	NAME("auth", "authorization", PATTERN_WEAK | PATTERN_PART | PATTERN_QUOTED),
	NAME("_credentials", "secret", PATTERN_WEAK),
	NAME("phpsessid", "session", PATTERN_WEAK),
	NAME("jsessionid", "session", PATTERN_WEAK),
	NAME("session_id", "session", PATTERN_WEAK | PATTERN_PART),
	NAME("sessionid", "session", PATTERN_WEAK | PATTERN_PART),
	NAME("connect.sid", "session", PATTERN_WEAK),

	/* Programs: redact_command.c has their options */
	COMMAND("mysql"),
	COMMAND("mysqldump"),
	COMMAND("mysqladmin"),
	COMMAND("mysqlcheck"),
	COMMAND("mysqlimport"),
	COMMAND("mysqlshow"),
	COMMAND("mariadb"),
	COMMAND("mariadb-dump"),
	COMMAND("mariadb-admin"),
	COMMAND("sshpass"),
	COMMAND("curl"),
	COMMAND("snmpget"),
	COMMAND("snmpwalk"),
	COMMAND("snmpset"),
	COMMAND("redis-cli"),
	COMMAND("mongo"),
	COMMAND("mongosh"),
	COMMAND("mongodump"),
	COMMAND("mongorestore"),
	COMMAND("ldapsearch"),
	COMMAND("ldapmodify"),
	COMMAND("ldapadd"),
	COMMAND("smbclient"),
	COMMAND("docker"),
	COMMAND("podman"),
	COMMAND("sqlcmd"),
	COMMAND("influx"),
	COMMAND("openssl"),
};

const size_t redact_n_patterns = ARRAY_LEN(redact_patterns);
