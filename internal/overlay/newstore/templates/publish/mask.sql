-- Masks a copy of the database by rules.csv. It fails if a column has no rule, so a new column is never published by mistake.
--
-- A rule is for schema.table.column, or for schema.table.* as a whole:
--   keep      as it is
--   null      no value
--   hash      another text for each value, the same in all tables
--   email     the same as an address of example.com
--   truncate  only for schema.table.*: no rows
\set ON_ERROR_STOP on
SET session_replication_role = replica; -- no triggers
CREATE TEMP TABLE rules (
  name text PRIMARY KEY,
  rule text NOT NULL CHECK (rule IN ('keep', 'null', 'hash', 'email') OR (rule = 'truncate' AND name LIKE '%.*'))
);
\copy rules FROM pstdin (FORMAT csv, HEADER)
CREATE TEMP TABLE found AS
  SELECT table_schema, table_name, column_name, is_generated = 'ALWAYS' AS is_generated,
    table_schema || '.' || table_name || '.' || column_name AS name, table_schema || '.' || table_name || '.*' AS whole
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
  WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('information_schema', 'pg_catalog')
    AND NOT (SELECT relispartition FROM pg_class WHERE oid = format('%I.%I', table_schema, table_name)::regclass);
DO $$
DECLARE
  names text;
  c record;
  salt text := gen_random_uuid()::text;
  masked text;
BEGIN
  SELECT string_agg(name, ', ' ORDER BY name) INTO names FROM found f
    WHERE NOT EXISTS (SELECT FROM rules r WHERE r.name IN (f.name, f.whole));
  IF names IS NOT NULL THEN
    RAISE EXCEPTION 'columns without a rule: %', names;
  END IF;
  SELECT string_agg(name, ', ' ORDER BY name) INTO names FROM rules r
    WHERE NOT EXISTS (SELECT FROM found f WHERE r.name IN (f.name, f.whole));
  IF names IS NOT NULL THEN
    RAISE EXCEPTION 'rules without a column: %', names;
  END IF;
  FOR c IN SELECT f.*, r.rule FROM found f
    JOIN LATERAL (SELECT * FROM rules WHERE rules.name IN (f.name, f.whole) ORDER BY rules.name = f.name DESC LIMIT 1) r ON true
    WHERE r.rule <> 'keep' AND NOT is_generated
  LOOP
    IF c.rule = 'truncate' THEN
      EXECUTE format('DELETE FROM %I.%I', c.table_schema, c.table_name);
      CONTINUE;
    END IF;
    masked := CASE c.rule
      WHEN 'null' THEN 'NULL'
      WHEN 'hash' THEN format('md5(%L || %I::text)', salt, c.column_name)
      WHEN 'email' THEN format('md5(%L || %I::text) || ''@example.com''', salt, c.column_name)
    END;
    EXECUTE format('UPDATE %I.%I SET %I = %s', c.table_schema, c.table_name, c.column_name, masked);
  END LOOP;
END
$$;
