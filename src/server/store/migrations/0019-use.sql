-- What each investigation used so far, for budgets of 24 hours: a narrow row beside its own, which
-- is there also when that one is not kept any more. 'counted' is when it was last written. Money is
-- in millionths of a dollar.
CREATE TABLE investigation_use (
	org TEXT NOT NULL,
	investigation TEXT NOT NULL,
	counted BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	time_ms BIGINT NOT NULL,
	tokens BIGINT NOT NULL,
	cost_micros BIGINT NOT NULL,
	PRIMARY KEY (org, investigation)
);
CREATE INDEX investigation_use_counted ON investigation_use (counted);
CREATE INDEX investigation_use_org ON investigation_use (org, counted);

INSERT INTO investigation_use (org, investigation, counted, calls, time_ms, tokens, cost_micros)
	SELECT org, id, COALESCE(finished, created), n_calls,
		CASE WHEN started IS NULL OR finished IS NULL OR finished < started THEN 0
		ELSE (finished - started) / 1000000 END, tokens_in + tokens_out, cost_micros
	FROM investigations;
