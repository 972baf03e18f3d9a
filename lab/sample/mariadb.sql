-- The sample shop for MariaDB: everything that a dump can hold and a restore can lose. @orders is set before.
SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO');
SET foreign_key_checks = 1;

CREATE TABLE customer (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email varchar(120) NOT NULL UNIQUE,
  name varchar(80) NOT NULL,
  tags set('a', 'b', 'with "quotes"', 'it''s') DEFAULT NULL,
  extra json DEFAULT NULL,
  born date DEFAULT NULL,
  signature blob DEFAULT NULL,
  initial varchar(1) GENERATED ALWAYS AS (left(name, 1)) VIRTUAL,
  length int GENERATED ALWAYS AS (char_length(name)) STORED,
  flags bit(5) NOT NULL DEFAULT b'101',
  home point DEFAULT NULL,
  KEY by_initial (initial)
) ENGINE=InnoDB COMMENT='People; "quoted", with\nline break';

CREATE TABLE product (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku varchar(20) CHARACTER SET latin1 NOT NULL UNIQUE,
  price decimal(12,4) NOT NULL CHECK (price >= 0),
  weight double DEFAULT NULL,
  details json DEFAULT NULL,
  state enum('new', 'old', 'größe') NOT NULL DEFAULT 'new',
  FULLTEXT KEY words (sku)
) ENGINE=InnoDB AUTO_INCREMENT=1000;

CREATE TABLE `order` (
  id bigint NOT NULL,
  customer_id bigint NOT NULL,
  placed_at timestamp(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  shipped datetime(3) DEFAULT NULL,
  took time DEFAULT NULL,
  note mediumtext DEFAULT NULL,
  PRIMARY KEY (id, customer_id)
) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3;

CREATE TABLE line (
  order_id bigint NOT NULL,
  position smallint NOT NULL,
  customer_id bigint NOT NULL,
  product_id int NOT NULL,
  quantity int NOT NULL,
  PRIMARY KEY (order_id, position),
  CONSTRAINT line_product FOREIGN KEY (product_id) REFERENCES product (id),
  CONSTRAINT line_customer FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE log_without_key (at datetime, level char(1), message text, source inet6) ENGINE=InnoDB;
CREATE TABLE empty_table (id int PRIMARY KEY, nothing text) ENGINE=InnoDB;
-- Its rows are dumped in a form of their own: columns named, the first row on the same line.
CREATE TABLE partly_hidden (id int PRIMARY KEY, word varchar(40), secret int INVISIBLE DEFAULT 7) ENGINE=InnoDB;
CREATE TABLE old_encoding (word varchar(40) CHARACTER SET latin1 COLLATE latin1_german1_ci) ENGINE=InnoDB;
CREATE TABLE `Schuh ``Größe``
"Tabelle"; -- x` (`Länge\cm` decimal(10,4), `Be zeichnung` text, `ordnung;--` int) ENGINE=InnoDB;
CREATE SEQUENCE invoice_number START WITH 10000 INCREMENT BY 7;

DELIMITER //
CREATE FUNCTION gross(price decimal(12,4), vat decimal(4,2)) RETURNS decimal(12,4) DETERMINISTIC
BEGIN
  -- it's only a comment; with a semicolon
  RETURN round(price * (1 + vat), 2);
END//
CREATE PROCEDURE forget(IN who bigint)
BEGIN
  DELETE FROM customer WHERE id = who;
  INSERT INTO `log_without_key` VALUES
(now(), 'I', 'forgot; one', NULL);
END//
CREATE TRIGGER order_touch BEFORE UPDATE ON `order` FOR EACH ROW
BEGIN
  SET NEW.note = CONCAT(COALESCE(NEW.note, ''), '');
END//
CREATE TRIGGER order_new BEFORE INSERT ON `order` FOR EACH ROW SET NEW.note = COALESCE(NEW.note, 'none')//
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 03:00:00' DISABLE DO
BEGIN
  DELETE FROM log_without_key WHERE at < now() - INTERVAL 1 YEAR;
END//
DELIMITER ;

CREATE VIEW z_turnover AS
  SELECT p.sku, sum(l.quantity * p.price) AS total FROM line l JOIN product p ON p.id = l.product_id GROUP BY p.sku;
CREATE SQL SECURITY INVOKER VIEW a_best AS SELECT sku, total FROM z_turnover WHERE total > 1000;

INSERT INTO customer (id, email, name, tags, extra, born, signature, flags, home)
SELECT seq, CONCAT('person', seq, '@example.org'),
  ELT(1 + seq % 8, 'Zoë Ångström', 'José Núñez', '李小龍', 'Ольга Иванова', 'Tab\there', 'Back\\slash', 'O''Neil', '🦊 Fox'),
  seq % 16, JSON_OBJECT('k', seq, 'text', CONCAT('line\nbreak "', seq, '"')), date '1950-01-01' + INTERVAL seq % 20000 DAY,
  UNHEX(SHA2(seq, 256)), seq % 32, POINT(seq / 7, 0 - CAST(seq AS signed))
FROM seq_1_to_100000 WHERE seq <= greatest(@orders / 5, 10);
INSERT INTO customer (id, email, name) VALUES (0, 'nobody', 'Zero');

INSERT INTO product (sku, price, weight, details, state)
SELECT CONCAT('SKU-', seq, char(233 USING latin1)), (seq % 1000) / 7, EXP(CAST(seq % 300 AS signed) - 150), JSON_ARRAY(seq, NULL, 'größe'), 1 + seq % 3
FROM seq_1_to_500;

INSERT INTO `order` (id, customer_id, placed_at, shipped, took, note)
SELECT seq, 1 + seq % greatest(floor(@orders / 5), 10), '2024-12-01 00:00:00' + INTERVAL seq SECOND,
  IF(seq % 3 = 0, NULL, '2025-06-01 12:00:00.125'), SEC_TO_TIME(CAST(seq % 100000 AS signed) - 50000),
  CASE seq % 11 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN '),\n(' WHEN 3 THEN '\\N' WHEN 4 THEN '\0\r\n\Z;' ELSE REPEAT(CONCAT(MD5(seq), ' '), 1 + seq % 3) END
FROM seq_1_to_1000000 WHERE seq <= @orders;

INSERT INTO line
SELECT o.id, p.seq, o.customer_id, 1000 + (o.id * p.seq) % 500, 1 + p.seq FROM `order` o JOIN seq_1_to_2 p;

INSERT INTO log_without_key
SELECT '2026-01-01' + INTERVAL seq SECOND, 'I', CONCAT('request ', seq % 10), '::ffff:10.0.0.1' FROM seq_1_to_1000000 WHERE seq <= @orders / 2;
-- Whole rows that are alike must survive as often as they are there.
INSERT INTO log_without_key SELECT NULL, NULL, 'same', NULL FROM seq_1_to_25;
INSERT INTO old_encoding VALUES ('Größe'), ('naïve'), ('£');
INSERT INTO partly_hidden (id, word, secret) SELECT seq, CONCAT('VALUES (', seq), seq * 2 FROM seq_1_to_40;
INSERT INTO `Schuh ``Größe``
"Tabelle"; -- x` SELECT seq / 3, CONCAT('); ', char(1 + seq % 127), '€'), seq FROM seq_1_to_300;
SELECT count(NEXTVAL(invoice_number)) FROM seq_1_to_7;

-- Dead rows: after a restore the same rows stand in another order.
DELETE FROM log_without_key WHERE message = 'request 3' AND second(at) = 13;
