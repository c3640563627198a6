#include "net/http.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

TEST(tokens_are_found_in_lists)
{
	CHECK(http_has_token("keep-alive, Upgrade", "upgrade"));
	CHECK(http_has_token("upgrade", "upgrade"));
	CHECK(http_has_token(",,\tupgrade ,x", "upgrade"));
	CHECK(!http_has_token("upgraded", "upgrade"));
	CHECK(!http_has_token("", "upgrade"));
	CHECK(!http_has_token(NULL, "upgrade"));
}

TEST(forms_are_decoded)
{
	CLEANUP(http_form) struct http_form form = { 0 };
	struct error err = { 0 };
	const char text[] = "label=a%3Db&label=c+d&&empty=&alone&%26=%2B";

	CHECK_OK(http_form_parse((struct str) { text, strlen(text) }, &form, &err), err);
	CHECK_INT(form.n_fields, 5);
	CHECK_TEXT(form.fields[0].value, "a=b");
	CHECK_TEXT(form.fields[1].value, "c d");
	CHECK_TEXT(http_find(form.fields, form.n_fields, "empty"), "");
	CHECK_TEXT(http_find(form.fields, form.n_fields, "alone"), "");
	CHECK_TEXT(http_find(form.fields, form.n_fields, "&"), "+");
}

TEST(bad_forms_are_refused)
{
	struct http_form form;
	struct error err = { 0 };
	char many[4 * HTTP_FORM_MAX_FIELDS + 8] = "";

	CHECK_INT(http_form_parse((struct str) { "a=%zz", 5 }, &form, &err), -EBADMSG);
	CHECK_INT(http_form_parse((struct str) { "%=a", 3 }, &form, &err), -EBADMSG);
	CHECK_INT(http_form_parse((struct str) { "a=%00", 5 }, &form, &err), -EBADMSG);
	CHECK_INT(http_form_parse((struct str) { "a\0b", 3 }, &form, &err), -EBADMSG);
	for (unsigned i = 0; i <= HTTP_FORM_MAX_FIELDS; i++)
		memcpy(many + i * 4, "a=b&", 4);
	CHECK_INT(http_form_parse((struct str) { many, strlen(many) }, &form, &err), -E2BIG);
}
