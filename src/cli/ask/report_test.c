#include "cli/ask/report.h"

#include <string.h>

#include "base/buf.h"
#include "base/test.h"

static const char found[] =
	"{\"verdict\":\"cause-found\",\"cause_id\":\"disk.inodes-exhausted\",\"host\":\"web-1\","
	"\"root_cause\":\"The filesystem /var has no free inode left.\",\"confidence\":0.97,"
	"\"elapsed_ms\":412,\"hypotheses\":[{\"cause_id\":\"disk.inodes-exhausted\","
	"\"statement\":\"The filesystem /var has no free inode left.\",\"probability\":0.97,"
	"\"for\":[{\"says\":\"/var uses all of its inodes\",\"evidence\":\"e2\","
	"\"quote\":\"\\\"inodes_used_percent\\\":100.0\",\"proven\":true}],\"against\":[]},"
	"{\"cause_id\":\"disk.full\",\"statement\":\"/var is full.\",\"probability\":0.02,"
	"\"for\":[],\"against\":[{\"says\":\"30 % of it is free\",\"evidence\":\"e2\"}]}],"
	"\"evidence\":[{\"id\":\"e1\",\"tool\":\"get_load\",\"summary\":\"quiet\"},"
	"{\"id\":\"e2\",\"tool\":\"list_filesystems\",\"summary\":\"full\"}],"
	"\"timeline\":[{\"seconds_ago\":720,\"text\":\"nginx could not make a file\","
	"\"evidence\":\"e1\"}],"
	"\"remedies\":[{\"statement\":\"See which folder holds them.\",\"risk\":\"reads\","
	"\"call\":{\"tool\":\"get_disk_usage\",\"args\":{\"path\":\"/var\"}}}],"
	"\"unknowns\":[{\"what\":\"journal\",\"why\":\"not permitted\",\"evidence\":\"e1\"}]}";

static const char found_shown[] = "! cause-found  disk.inodes-exhausted  confidence 97 %\n"
				  "  The filesystem /var has no free inode left.\n"
				  "\nProof\n"
				  "  e2  /var uses all of its inodes  (list_filesystems)\n"
				  "      \"inodes_used_percent\":100.0  ####################\n"
				  "\nAlso considered\n"
				  "    2 % ............ disk.full\n"
				  "        /var is full.\n"
				  "        against: 30 % of it is free\n"
				  "\nTimeline\n"
				  "         12 min ago nginx could not make a file  e1\n"
				  "\nWhat to do\n"
				  "  1. See which folder holds them.  [reads]\n"
				  "     $ constable call get_disk_usage '{\"path\":\"/var\"}'\n"
				  "\nWhat could not be seen\n"
				  "  - journal: not permitted  e1\n"
				  "\n2 pieces of evidence from web-1 in 412 ms\n";

static json_t *document(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	CHECK_OK(err.code, err);
	return json;
}

static char *print(const char *report_text, const char *bundle_text)
{
	CLEANUP(json) json_t *report = document(report_text);
	CLEANUP(json) json_t *bundle = bundle_text ? document(bundle_text) : NULL;
	char *text = NULL;
	size_t len;
	struct page page = { .stream = open_memstream(&text, &len), .width = 90 };

	CHECK(page.stream);
	report_print(report, bundle, NULL, &page);
	(void)fclose(page.stream);
	return text;
}

TEST(a_report_reads_from_verdict_to_what_is_unknown)
{
	CLEANUP(text) char *text = print(found, NULL);

	CHECK_TEXT(text, found_shown);
}

TEST(a_record_that_was_cut_reads_as_one_that_was_not)
{
	CLEANUP(text)
	char *text =
		print("{\"verdict\":\"cause-found\",\"cause_id\":\"a.b\",\"root_cause\":\"So.\","
		      "\"confidence\":1,\"host\":\"h\",\"elapsed_ms\":9,\"evidence\":[],"
		      "\"hypotheses\":[{\"cause_id\":\"a.b\",\"statement\":\"So.\","
		      "\"probability\":1,\"against\":[],\"for\":[{\"says\":\"it is\","
		      "\"evidence\":\"e1\",\"quote\":\"{\\\"comm\\\":\\\"perl\\\","
		      "\\\"pid\\\":7,\\\"line\\\":\\\"a, b\"}]}]}",
		      NULL);

	CHECK(strstr(text, "      comm perl, pid 7\n"));
}

TEST(a_healthy_host_needs_few_words)
{
	CLEANUP(text)
	char *text = print("{\"verdict\":\"healthy\",\"root_cause\":\"Nothing shows a fault.\","
			   "\"confidence\":0.99,\"hypotheses\":[],\"evidence\":[],\"host\":\"h\","
			   "\"elapsed_ms\":90}",
			   NULL);

	CHECK_TEXT(text, "+ healthy  confidence 99 %\n  Nothing shows a fault.\n\n"
			 "0 pieces of evidence from h in 90 ms\n");
}

TEST(an_unproven_claim_says_so)
{
	CLEANUP(text)
	char *text = print("{\"verdict\":\"inconclusive\",\"hypotheses\":[{\"cause_id\":\"x\","
			   "\"probability\":0.6,\"for\":[{\"says\":\"perhaps\",\"evidence\":\"e1\","
			   "\"quote\":\"\",\"proven\":false}]}]}",
			   NULL);

	CHECK(strstr(text, "perhaps"));
	CHECK(strstr(text, "unproven"));
}

TEST(what_repeats_but_for_its_numbers_stands_once)
{
	CLEANUP(text)
	char *text = print("{\"timeline\":[{\"seconds_ago\":90,\"text\":\"killed pid 12\"},"
			   "{\"seconds_ago\":60,\"text\":\"mounted\"},"
			   "{\"seconds_ago\":30,\"text\":\"killed pid 345\"}]}",
			   NULL);

	CHECK(strstr(text, "          1 min ago mounted\n"
			   "           30 s ago killed pid 345  2 times, last\n"));
}

TEST(cited_evidence_with_a_history_gets_a_sparkline)
{
	CLEANUP(text)
	char *text = print(found, "{\"evidence\":[{\"id\":\"e2\",\"tool\":\"list_filesystems\","
				  "\"bytes\":\"{\\\"used_percent\\\":[0,50,100]}\"},"
				  "{\"id\":\"e1\",\"tool\":\"get_load\","
				  "\"bytes\":\"{\\\"load\\\":[1,2,3]}\"}]}");

	CHECK(strstr(text, "used_percent             _=#  0 % .. 100 %"));
	CHECK(!strstr(text, "load"));
}

TEST(text_of_the_host_cannot_forge_a_section)
{
	CLEANUP(text)
	char *text =
		print("{\"verdict\":\"cause-found\",\"root_cause\":\"a\\nProof\\n\\u001b[2Jb\","
		      "\"cause_id\":\"x\\u202e\"}",
		      NULL);

	CHECK(!strstr(text, "\nProof"));
	CHECK(!strchr(text, '\033'));
	CHECK(strstr(text, "x\\u{202e}"));
}

TEST(a_report_of_any_shape_prints_something)
{
	static const char *const odd[] = {
		"{}",
		"{\"verdict\":7,\"hypotheses\":{},\"evidence\":[1],\"remedies\":[null]}",
		("{\"verdict\":\"cause-found\",\"hypotheses\":[[]],\"timeline\":[{}],"
		 "\"unknowns\":[3]}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		CLEANUP(text) char *text = print(odd[i], odd[i]);

		CHECK(*text);
	}
}
