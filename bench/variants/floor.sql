-- The least that a row trigger with a JSON image can do: no transaction, no context, no key, no comparison, no redaction,
-- and the rights of the writer. The table and its four indexes are those of the trail, which is what is left to save.
CREATE SCHEMA floor;
CREATE TABLE floor.changes (
  id             bigint      GENERATED ALWAYS AS IDENTITY,
  transaction_id bigint      NOT NULL,
  captured_at    timestamptz NOT NULL,
  row_key        bigint      NOT NULL,
  table_schema   text        NOT NULL,
  table_name     text        NOT NULL,
  op             text        NOT NULL,
  table_pk       jsonb       NOT NULL,
  data_after     jsonb,
  PRIMARY KEY (captured_at, id)
) PARTITION BY RANGE (captured_at);
CREATE INDEX ON floor.changes (row_key, captured_at, id);
CREATE INDEX ON floor.changes (transaction_id);
CREATE INDEX ON floor.changes (table_name, captured_at, id);
CREATE TABLE floor.changes_default PARTITION OF floor.changes DEFAULT;

CREATE FUNCTION floor.capture() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row record := coalesce(NEW, OLD);
BEGIN
  INSERT INTO floor.changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk, data_after)
  VALUES (1, clock_timestamp(), v_row.id, 'public', 'posts', lower(TG_OP), jsonb_build_object('id', v_row.id), to_jsonb(v_row));
  RETURN NULL;
END $$;
CREATE TRIGGER capture AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION floor.capture();
