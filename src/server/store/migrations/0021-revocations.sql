-- Each server looks every two seconds for keys that were revoked since (server_tenure.c).
CREATE INDEX api_keys_revoked ON api_keys (revoked) WHERE revoked IS NOT NULL;
