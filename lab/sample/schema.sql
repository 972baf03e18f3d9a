-- A database worth the name: a shop with most of what PostgreSQL can hold. Loads as its owner, without superuser.
-- psql variable: rows = number of orders.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;

CREATE EXTENSION pgcrypto;
CREATE EXTENSION hstore;
COMMENT ON DATABASE :"DBNAME" IS 'Sample shop';

CREATE SCHEMA shop;
CREATE SCHEMA "Größen & Maße";
COMMENT ON SCHEMA shop IS 'What is sold, to whom';

CREATE TYPE shop.order_state AS ENUM ('new', 'paid', 'sent', 'zurückgegeben');
CREATE DOMAIN shop.email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE TYPE shop.address AS (street text, city text, zip text);
CREATE SEQUENCE shop.invoice_number START 10000 INCREMENT 3;

CREATE TABLE shop.customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email shop.email NOT NULL UNIQUE,
  name text NOT NULL,
  home shop.address,
  tags text[] NOT NULL DEFAULT '{}',
  extra hstore,
  born date,
  signature bytea
);
COMMENT ON TABLE shop.customer IS 'People who bought something; naïve façade: 顧客';
COMMENT ON COLUMN shop.customer.signature IS 'SHA-256 of the e-mail address';

CREATE TABLE shop.product (
  id serial PRIMARY KEY,
  sku text NOT NULL UNIQUE,
  price numeric(10,2) NOT NULL CHECK (price >= 0),
  vat numeric(4,2) NOT NULL DEFAULT 0.19,
  gross numeric(10,2) GENERATED ALWAYS AS (round(price * 1.19, 2)) STORED,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX product_details ON shop.product USING gin (details);

CREATE TABLE shop."order" (
  id bigint NOT NULL,
  customer_id bigint NOT NULL REFERENCES shop.customer,
  placed_at timestamptz NOT NULL,
  state shop.order_state NOT NULL DEFAULT 'new',
  note text,
  PRIMARY KEY (id, placed_at)
) PARTITION BY RANGE (placed_at);
CREATE TABLE shop.order_2025 PARTITION OF shop."order" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.order_2026 PARTITION OF shop."order" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE shop.order_rest PARTITION OF shop."order" DEFAULT;
CREATE INDEX ON shop."order" (customer_id);

CREATE TABLE shop.line (
  order_id bigint NOT NULL,
  placed_at timestamptz NOT NULL,
  position smallint NOT NULL,
  product_id int NOT NULL REFERENCES shop.product,
  quantity int NOT NULL,
  price double precision,
  PRIMARY KEY (order_id, position),
  FOREIGN KEY (order_id, placed_at) REFERENCES shop."order" (id, placed_at) ON DELETE CASCADE
);

CREATE TABLE shop.log_without_key (at timestamptz, level "char", message text, took interval, source inet);
CREATE TABLE shop.empty_table (id int PRIMARY KEY, nothing text);
CREATE UNLOGGED TABLE shop.session (token uuid PRIMARY KEY, data json);
CREATE TABLE shop.document (id int PRIMARY KEY, content oid NOT NULL);

CREATE TABLE "Größen & Maße"."Schuh ""Größe""
Tabelle" ("Länge\cm" numeric, "Be zeichnung" text, "ordnung;--" int);
COMMENT ON TABLE "Größen & Maße"."Schuh ""Größe""
Tabelle" IS 'A name with a quote, a line break and umlauts';

CREATE TABLE shop.parent (id int, kind text);
CREATE TABLE shop.child (more text) INHERITS (shop.parent);

CREATE TABLE shop.tenant_note (id int PRIMARY KEY, tenant text NOT NULL, body text);
ALTER TABLE shop.tenant_note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON shop.tenant_note USING (tenant = current_user);

CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.note := coalesce(NEW.note, '') || '';
  RETURN NEW;
END;
$body$;
CREATE TRIGGER order_touch BEFORE UPDATE ON shop."order" FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE FUNCTION shop.gross(price numeric, vat numeric DEFAULT 0.19) RETURNS numeric
  LANGUAGE sql IMMUTABLE AS 'SELECT round(price * (1 + vat), 2)';
CREATE PROCEDURE shop.forget(who bigint) LANGUAGE sql AS 'DELETE FROM shop.customer WHERE id = who';
CREATE AGGREGATE shop.product_of(double precision) (SFUNC = float8mul, STYPE = double precision, INITCOND = '1');

CREATE VIEW shop.turnover AS
  SELECT p.sku, sum(l.quantity * l.price) AS total FROM shop.line l JOIN shop.product p ON p.id = l.product_id GROUP BY p.sku;
CREATE RULE turnover_read_only AS ON DELETE TO shop.turnover DO INSTEAD NOTHING;

INSERT INTO shop.customer (email, name, home, tags, extra, born, signature)
SELECT 'person' || i || '@example.org',
  (ARRAY['Zoë Ångström', 'José Núñez', '李小龍', 'Ольга Иванова', E'Tab\there', 'Back\slash', 'O''Neil', '🦊 Fox'])[1 + i % 8],
  ROW('Straße ' || i, CASE WHEN i % 7 = 0 THEN NULL ELSE E'Line\nbreak' END, lpad((i % 100000)::text, 5, '0'))::shop.address,
  ARRAY['a' || i % 5, NULL, 'with "quotes", and {braces}'],
  hstore(ARRAY['k', i::text, 'none', NULL]),
  date '1950-01-01' + i % 20000,
  digest(i::text, 'sha256')
FROM generate_series(1, greatest(:rows / 5, 10)) i;

INSERT INTO shop.product (sku, price, details)
SELECT 'SKU-' || i, (i % 1000) / 7.0, jsonb_build_object('colour', md5(i::text), 'sizes', jsonb_build_array(i, i + 1, NULL), 'größe', i * 0.1)
FROM generate_series(1, 500) i;

INSERT INTO shop."order"
SELECT i, 1 + i % greatest(:rows / 5, 10), timestamptz '2024-12-01 00:00:00+00' + (i % 700) * interval '1 day' + i * interval '1 second',
  (enum_range(NULL::shop.order_state))[1 + i % 4],
  CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '\.' WHEN 3 THEN '\N' ELSE repeat(md5(i::text) || ' ', 1 + i % 3) END
FROM generate_series(1, :rows) i;

INSERT INTO shop.line
SELECT o.id, o.placed_at, p, 1 + (o.id * p) % 500, 1 + p, CASE WHEN o.id % 997 = 0 THEN 'NaN' ELSE random() * 100 END
FROM shop."order" o, generate_series(1, 2) p;

INSERT INTO shop.log_without_key
SELECT now() - i * interval '1 ms', 'I', 'request ' || i % 10, i * interval '1 us', '10.0.0.0'::inet + i % 65536
FROM generate_series(1, :rows / 2) i;
-- Whole rows that are alike must survive as often as they are there.
INSERT INTO shop.log_without_key SELECT NULL, NULL, 'same', NULL, NULL FROM generate_series(1, 25);

INSERT INTO shop.session SELECT gen_random_uuid(), json_build_object('n', i) FROM generate_series(1, 200) i;
INSERT INTO "Größen & Maße"."Schuh ""Größe""
Tabelle" SELECT i / 3.0, E'\\. ' || chr(1 + i % 127) || '€', i FROM generate_series(1, 300) i;
INSERT INTO shop.parent VALUES (1, 'parent');
INSERT INTO shop.child VALUES (2, 'child', 'more'), (3, 'child', NULL);
INSERT INTO shop.tenant_note SELECT i, CASE WHEN i % 2 = 0 THEN 'drawbridge' ELSE 'somebody' END, 'note ' || i FROM generate_series(1, 40) i;
-- Large objects of several sizes, one of them longer than one chunk of a dump, one empty.
INSERT INTO shop.document SELECT i, lo_from_bytea(0, decode(repeat(md5(i::text), 40 * (i - 1) * (i - 1)), 'hex')) FROM generate_series(1, 8) i;
SELECT nextval('shop.invoice_number') FROM generate_series(1, 7) \g /dev/null

CREATE MATERIALIZED VIEW shop.per_state AS SELECT state, count(*) FROM shop."order" GROUP BY state;
CREATE UNIQUE INDEX ON shop.per_state (state);
CREATE STATISTICS shop.line_statistics (dependencies) ON order_id, product_id FROM shop.line;
ALTER DATABASE :"DBNAME" SET search_path = shop, public;
COMMIT;
-- Dead rows: after a restore the same rows stand in another order.
UPDATE shop.line SET quantity = quantity + 1 WHERE order_id % 13 = 0;
