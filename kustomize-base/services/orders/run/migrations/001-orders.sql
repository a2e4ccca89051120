-- A dataset may have created the table.
BEGIN;
CREATE TABLE IF NOT EXISTS orders.orders (
  id         bigint PRIMARY KEY,
  customer   text NOT NULL,
  product    bigint NOT NULL,
  quantity   integer NOT NULL CHECK (quantity > 0),
  ordered_at timestamptz NOT NULL
);
INSERT INTO orders.migrations (name) VALUES ('001-orders');
COMMIT;
