#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "attempts.h"
#include "base/base.h"
#include "base/scan.h"

void facts_format(const struct canary_facts *facts, char *line, unsigned long size)
{
	(void)snprintf(line, size, "%s %d %d %d %d %d %d %" PRIx64 "\n", facts->dir, facts->victim,
		       facts->tcp_port, facts->udp_port, facts->shm, facts->message_queue,
		       facts->semaphore, facts->secret_address);
}

int facts_parse(const char *line, struct canary_facts *facts_out)
{
	struct canary_facts facts;
	const char *at = line;
	struct str word;
	int64_t numbers[6];

	if (!scan_word(&at, &word))
		return -EINVAL;
	str_copy(word, facts.dir, sizeof(facts.dir));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (!scan_i64(&at, &numbers[i]))
			return -EINVAL;
	while (*at == ' ')
		at++;
	if (!scan_hex(&at, &facts.secret_address))
		return -EINVAL;
	facts.victim = (pid_t)numbers[0];
	facts.tcp_port = (int)numbers[1];
	facts.udp_port = (int)numbers[2];
	facts.shm = (int)numbers[3];
	facts.message_queue = (int)numbers[4];
	facts.semaphore = (int)numbers[5];
	*facts_out = facts;
	return 0;
}
