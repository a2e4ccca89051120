-- Applies each migration once, in order. The lock makes other Pods wait, so that two never migrate at the same time.
SELECT pg_advisory_lock(hashtext('orders')) AS locked \gset
CREATE SCHEMA IF NOT EXISTS orders;
CREATE TABLE IF NOT EXISTS orders.migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());

SELECT NOT EXISTS (SELECT FROM orders.migrations WHERE name = '001-orders') AS pending \gset
\if :pending
\ir 001-orders.sql
\endif

SELECT NOT EXISTS (SELECT FROM orders.migrations WHERE name = '002-note') AS pending \gset
\if :pending
\ir 002-note.sql
\endif
