/*
 * Vault, asked by a courier: for processes without a loop of their own, which wait for the answer
 * (kernel/program/vault/vault.h).
 */
#pragma once

#include "kernel/program/vault/settings.h"

/*
 * Asks over 'courier', the socket of a constable-courier that serves nobody else. A Vault may lie
 * in a private network; one without TLS only on this host. Errors as those of courier_request();
 * -EIO where the courier dies or talks nonsense, -ETIMEDOUT where it says no end by 'total_ns' and
 * 2 s more, whatever else it says.
 */
int courier_ask_vault(int courier, const struct vault_request *request, unsigned *status_out,
		      struct buf *body, struct error *err) MUST_CHECK;
