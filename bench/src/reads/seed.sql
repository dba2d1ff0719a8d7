-- A trail of {changes} changes over the last twelve months, loaded by the owner of the audit tables.
--
-- 50 tables, the first with a sixth of all changes, `table_48` with a half per cent, `table_50` with one
-- in 20,000. Four changes in a transaction on average, one to seven. Of the transactions a fifth has no actor, a quarter
-- is the import's, the rest is 20,000 users', few of them busy; seven of ten have a request of their own; a tenth
-- carries the correlation `nightly`, a fifth a correlation of nine neighbours. Half of the first tenth was done by a
-- service that does nothing any more, and `table_49` has changes there only. A record has ten changes on average;
-- record 1 of `table_01` is hot and has one per cent of all. Every update changes `updated_at` and one more column;
-- one in 20,000 changes sets `archived_at`, one in 100,000 is a TRUNCATE.
SET LOCAL synchronous_commit = off;
SET LOCAL maintenance_work_mem = '512MB';
SELECT setseed(0.5);

DO $$
DECLARE
  v_from timestamptz;
BEGIN
  FOR v_from IN SELECT generate_series(date_trunc('month', now()) - interval '11 months', date_trunc('month', now()), interval '1 month') LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS threadline.%I PARTITION OF threadline.audit_changes FOR VALUES FROM (%L) TO (%L)',
      to_char(v_from, '"audit_changes_"YYYY"_"MM'), v_from, v_from + interval '1 month');
  END LOOP;
END $$;

CREATE TEMP TABLE span ON COMMIT DROP AS
SELECT s.first, (now() - s.first) / ({changes} / 4 + 7) AS step
  FROM (SELECT date_trunc('month', now()) - interval '11 months' AS first) AS s;

INSERT INTO threadline.audit_transactions (id, xid, occurred_at, actor_type, actor_id, request_id, correlation_id) OVERRIDING SYSTEM VALUE
SELECT n, '0', s.first + n * s.step,
       CASE WHEN o.past THEN 'service_account' WHEN r.who < 0.2 THEN NULL WHEN r.who < 0.45 THEN 'system' ELSE 'user' END,
       CASE WHEN o.past THEN 'mirror' WHEN r.who < 0.2 THEN NULL WHEN r.who < 0.45 THEN 'import' ELSE floor(power(20000, (r.who - 0.45) / 0.55))::bigint::text END,
       CASE WHEN n % 10 < 7 THEN 'request-' || n END,
       CASE WHEN n % 10 = 9 THEN 'nightly' WHEN n % 40 < 10 THEN 'correlation-' || n / 40 END
  FROM span s, generate_series(1, {changes} / 4 + 7) AS n, LATERAL (SELECT random() + 0 * n AS who) AS r,
       LATERAL (SELECT n < {changes} / 40 AND n % 2 = 0 AS past) AS o;

INSERT INTO threadline.audit_actions (transaction_id, name, status, actor_type, actor_id, recorded_at)
SELECT t.id, CASE WHEN t.id % 5000 = 0 THEN 'order.refunded' ELSE 'order.placed' END, 'ok', coalesce(t.actor_type, 'system'), coalesce(t.actor_id, 'import'), t.occurred_at
  FROM threadline.audit_transactions t WHERE t.id % 10 = 0;

-- A cycle of seven transactions has 28 changes.
INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from)
SELECT c.transaction, s.first + c.transaction * s.step + n % 28 * interval '40 microseconds', threadline.row_key('public', c.name, c.pk),
       'public', c.name, c.op, c.pk,
       CASE WHEN c.op <> 'truncate' THEN jsonb_build_object('id', c.id, 'author_id', n % 5000, 'title', 'A title of the record ' || n,
         'body', md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text), 'status', 'published', 'price', n % 10000 / 100.0,
         'tags', '["audit", "trail"]'::jsonb, 'meta', '{"lang": "en"}'::jsonb, 'counter', n % 100, 'updated_at', s.first + c.transaction * s.step) END,
       CASE WHEN c.op = 'update' THEN ARRAY[c.changed, 'updated_at'] END,
       CASE WHEN c.op = 'update' THEN jsonb_build_object(c.changed, 'Another value of ' || n, 'updated_at', s.first + n * s.step / 8) END
  FROM span s, LATERAL (
    SELECT n, n / 28 * 7 + (ARRAY[1,2,2,3,3,3,4,4,4,4,5,5,5,5,5,6,6,6,6,6,6,7,7,7,7,7,7,7])[n % 28 + 1] AS transaction,
           CASE WHEN r.of_all < 0.00001 THEN 'truncate' WHEN r.of_all < 0.3 THEN 'insert' WHEN r.of_all < 0.38 THEN 'delete' ELSE 'update' END AS op,
           CASE WHEN r.of_all > 0.99995 THEN 'archived_at' WHEN r.of_all > 0.8 THEN 'title' WHEN r.of_all > 0.5 THEN 'status' ELSE 'counter' END AS changed,
           'table_' || lpad(r.rank::text, 2, '0') AS name, k.id,
           CASE WHEN r.of_all < 0.00001 THEN '{}'::jsonb ELSE jsonb_build_object('id', k.id) END AS pk
      FROM generate_series(0::bigint, {changes} - 1) AS n,
           LATERAL (SELECT random() + 0 * n AS of_all, random() + 0 * n AS of_record,
                    CASE WHEN n % 20000 = 7 THEN 50 WHEN n % 100 = 3 THEN 1
                         WHEN n < {changes} / 10 AND n % 100 = 5 THEN 49 ELSE floor(power(49, random()))::int END AS rank) AS r,
           LATERAL (SELECT CASE WHEN n % 100 = 3 THEN 1
                    ELSE 2 + floor(r.of_record * {changes} / 10 * ln((r.rank + 1.0) / r.rank) / ln(49.0))::bigint END AS id) AS k) AS c;
