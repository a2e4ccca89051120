BEGIN;
CREATE SCHEMA orders;
CREATE TABLE orders.orders (
  id         bigint PRIMARY KEY,
  customer   text NOT NULL,
  product    bigint NOT NULL,
  quantity   integer NOT NULL CHECK (quantity > 0),
  ordered_at timestamptz NOT NULL
);
INSERT INTO orders.orders (id, customer, product, quantity, ordered_at) VALUES
  (1, 'ada@example.com', 1, 2, '2026-01-05 09:30:00+00'),
  (2, 'grace@example.com', 3, 1, '2026-01-06 14:10:00+00'),
  (3, 'alan@example.com', 2, 5, '2026-01-07 17:45:00+00');

CREATE SCHEMA products;
CREATE TABLE products.prices (
  product  bigint PRIMARY KEY,
  cents    integer NOT NULL CHECK (cents >= 0),
  currency text NOT NULL
);
INSERT INTO products.prices (product, cents, currency) VALUES
  (1, 1290, 'EUR'),
  (2, 450, 'EUR'),
  (3, 8900, 'EUR');
COMMIT;
