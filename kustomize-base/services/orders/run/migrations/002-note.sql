BEGIN;
ALTER TABLE orders.orders ADD COLUMN note text NOT NULL DEFAULT '';
INSERT INTO orders.migrations (name) VALUES ('002-note');
COMMIT;
