-- What a database of the version before (schema as of 000015) holds: a row in every table. SQLite and PostgreSQL take
-- the same text. The words SEALED_… are replaced by sealed values.
INSERT INTO users (id, email, name, password_hash, created_at, updated_at) VALUES
  ('usr', 'owner@example.test', 'Owner', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA', '2026-11-26 08:00:00+00:00', '2026-11-26 08:00:00+00:00');
INSERT INTO accounts (id, user_id, provider, external_id, login, email, access_token, scopes, expires_at, created_at, updated_at, signs_in) VALUES
  ('acc', 'usr', 'github', '1', 'octo', 'octo@example.test', 'SEALED_GITHUB', 'repo', NULL, '2026-11-26 08:01:00+00:00', '2026-11-26 08:01:00+00:00', TRUE);
INSERT INTO sessions (id, user_id, data, expires_at, created_at, last_seen_at) VALUES
  ('ses', 'usr', '{"user_id":"usr"}', '2026-12-26 08:00:00+00:00', '2026-11-26 08:00:00+00:00', '2026-11-26 08:05:00+00:00');
INSERT INTO integrations (id, user_id, provider, external_user_id, access_token, refresh_token, expires_at, username, team_id, token_created_at, token_note, health, delivery_note, created_at, updated_at) VALUES
  ('int', 'usr', 'vercel', 'usr_1', 'SEALED_VERCEL', NULL, NULL, 'octo-dev', NULL, '2026-11-26 08:02:00+00:00', 'mine', 'ok', NULL, '2026-11-26 08:02:00+00:00', '2026-11-26 08:02:00+00:00');
INSERT INTO subscriptions (id, user_id, integration_id, platform_project_id, platform_project_name, team_id, webhook_id, webhook_secret, github_repo_full_name, auto_fix_enabled, fix_branch_prefix, max_fix_attempts, notify_on_fix, redeploy_flaky, created_at, updated_at) VALUES
  ('sub', 'usr', 'int', 'prj_1', 'shop', NULL, 'hook_1', 'SEALED_HOOK', 'acme/shop', TRUE, 'fix/deployment-', 3, TRUE, TRUE, '2026-11-26 08:02:00+00:00', '2026-11-26 08:02:00+00:00');
INSERT INTO left_out_projects (integration_id, platform_project_id, created_at) VALUES
  ('int', 'prj_2', '2026-11-26 08:02:00+00:00');
INSERT INTO fix_rules (id, subscription_id, name, error_pattern, error_type, skip_fix, custom_prompt, priority, enabled, created_at, updated_at) VALUES
  ('rul', 'sub', 'Quota', 'quota exceeded', 'build', TRUE, NULL, 0, TRUE, '2026-11-26 08:03:00+00:00', '2026-11-26 08:03:00+00:00');
INSERT INTO incidents (id, user_id, repository, commit_sha, branch, fingerprint, created_at) VALUES
  ('inc', 'usr', 'acme/shop', '1111111111111111111111111111111111111111', 'main', 'f1', '2026-11-26 09:00:00+00:00');
INSERT INTO deployments (id, subscription_id, provider, platform_deployment_id, webhook_delivery_id, incident_id, project_name, repository, branch, commit_sha, fix_status, fix_attempt_number, version, last_seq, reason_code, reason, error_message, logs, created_at, started_at, completed_at) VALUES
  ('fix', 'sub', 'vercel', 'dpl_1', 'uev_1', 'inc', 'shop', 'acme/shop', 'main', '1111111111111111111111111111111111111111', 'failed', 1, 4, 2, 'verify', 'The build still fails.', 'TS2322', 'line one', '2026-11-26 09:00:00+00:00', '2026-11-26 09:00:05+00:00', '2026-11-26 09:05:00+00:00'),
  ('wip', 'sub', 'vercel', 'dpl_2', NULL, NULL, 'shop', 'acme/shop', 'main', '2222222222222222222222222222222222222222', 'analyzing', 1, 2, 1, NULL, NULL, NULL, NULL, '2026-11-26 10:00:00+00:00', '2026-11-26 10:00:05+00:00', NULL);
INSERT INTO tasks (id, deployment_id, attempt, model, transcript, input_tokens, output_tokens, cost_usd, outcome, exit_code, seconds, started_at, completed_at) VALUES
  ('tsk', 'fix', 1, 'gpt-5', '[]', 100, 20, 0.25, 'changed', 0, 12.5, '2026-11-26 09:01:00+00:00', '2026-11-26 09:02:00+00:00');
INSERT INTO fix_events (id, deployment_id, seq, kind, created_at) VALUES
  ('ev1', 'fix', 1, '{"status":{"status":"pending","reason_code":null,"reason":null,"stage":"received"}}', '2026-11-26 09:00:00+00:00'),
  ('ev2', 'fix', 2, '{"note":{"text":"Hello","stage":null}}', '2026-11-26 09:05:00+00:00');
INSERT INTO webhook_deliveries (id, provider, delivery_id, integration_id, kind, platform_project_id, platform_deployment_id, deployment_id, decision, reason, created_at) VALUES
  ('del', 'vercel', 'uev_1', 'int', 'deployment_failed', 'prj_1', 'dpl_1', 'fix', 'queued', NULL, '2026-11-26 09:00:00+00:00');
INSERT INTO settings (name, value, updated_at) VALUES ('a', '1', '2026-11-26 08:00:00+00:00');
INSERT INTO api_tokens (id, user_id, name, token_hash, hint, last_used_at, expires_at, created_at) VALUES
  ('tok', 'usr', 'deploy script', 'hash-of-token', 'abcd', NULL, NULL, '2026-11-26 08:04:00+00:00');
INSERT INTO invitations (id, user_id, token_hash, expires_at, created_at) VALUES
  ('inv', 'usr', 'hash-of-invitation', '2026-12-03 08:00:00+00:00', '2026-11-26 08:00:00+00:00');
INSERT INTO notifications (id, user_id, deployment_id, kind, created_at, read_at) VALUES
  ('not', 'usr', 'fix', 'failed', '2026-11-26 09:05:00+00:00', NULL);
INSERT INTO outgoing_webhooks (id, user_id, url, secret, enabled, created_at, updated_at) VALUES
  ('out', 'usr', 'https://hooks.example.test/', 'SEALED_OUT', TRUE, '2026-11-26 08:04:00+00:00', '2026-11-26 08:04:00+00:00');
INSERT INTO outgoing_deliveries (id, webhook_id, kind, body, state, attempts, next_try_at, created_at) VALUES
  ('msg', 'out', 'fix.failed', '{}', 'pending', 1, '2026-11-26 09:06:00+00:00', '2026-11-26 09:05:00+00:00');
