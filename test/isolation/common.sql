-- What the isolation specs have in common. `make installcheck` puts it into the database of the specs, after the extension and
-- before one file of stores/, which says what kind of store vend.create_store() makes there.
--
-- For authors of specs:
--
-- * A spec names no lock mode if the answer does not depend on it: the database decides. A comment line
--   "# Also on: pessimistic, optimistic, statements, escrow" names the stages that run the spec besides `isolation`, each on stores of its
--   kind; all of them read one file in expected/. Interleavings with another answer in escrow stand in two more specs: in rows_NAME.spec,
--   and in escrow_NAME.spec, whose items say lock_mode 'escrow' themselves. Of escrow_NAME.spec the stage `isolation` is enough.
-- * If two calls in two modes meet, the first is made in the mode of the database and the second names each mode: such a spec runs on
--   pessimistic and optimistic stores too, and so each pair meets once.
-- * A step that asks shows one row of one column: SELECT buy('alpha', 'lamp'). A step that only prepares shows nothing:
--   CALL sold('alpha', 'lamp') fails unless it sells, CALL quiet($$...$$) hides an answer, CALL take_snapshot() begins to read.
-- * CALL show('TABLE shop.books') shows each row in one line. stock() counts deltas that are not settled, so that it says the same of a row
--   and of an item in escrow, whenever the settling worker comes by. The stock in the row alone, and stock_version, are shown only if the
--   worker is kept away.
-- * Roles belong to the whole server: each spec has roles of its own, named after it.

-- The books of a store, each as one text or number; a spec puts together those that it needs:
-- CREATE VIEW shop.books AS SELECT stock('shop'), balance('shop'), sales('shop'), findings('shop');
CREATE FUNCTION stock(store text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(id || '' '' || stock + coalesce((SELECT sum(qty) FROM %1$I.stock_delta WHERE item = id), 0), '', '' ORDER BY id)
                    FROM %1$I.item', store) INTO answer;
    RETURN answer;
END
$$;

CREATE FUNCTION balance(store text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(id || '' '' || balance, '', '' ORDER BY id) FROM %I.wallet', store) INTO answer;
    RETURN answer;
END
$$;

-- What is for sale: in escrow, without what another transaction has pending.
CREATE FUNCTION available(store text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(id || '' '' || vend.available(id, $1), '', '' ORDER BY id) FROM %I.item', store) INTO answer USING store;
    RETURN answer;
END
$$;

-- The movements of a kind in the ledger.
CREATE FUNCTION entries(store text, kind text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    answer bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I.ledger WHERE kind = $1', store) INTO answer USING kind;
    RETURN answer;
END
$$;

CREATE FUNCTION sales(store text) RETURNS bigint LANGUAGE sql AS 'SELECT entries(store, ''purchase'')';

CREATE FUNCTION findings(store text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM vend.audit(store)';

-- What a buyer owns.
CREATE FUNCTION holding(store text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT string_agg(buyer || '' '' || item || '' '' || qty, '', '' ORDER BY buyer, item, qty) FROM %I.holding', store) INTO answer;
    RETURN answer;
END
$$;

-- The id that specs call 'a', 'b' and so on: ids sort as these letters do.
CREATE FUNCTION id_of(letter text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT (''00000000-0000-4000-8000-00000000000'' || letter)::uuid';

-- A purchase: "purchased 2 for 200, balance 800"; or why not: "sold_out, balance 1000: 0 left, 1 wanted.".
CREATE FUNCTION buy(buyer text, item text, qty bigint DEFAULT 1, id text DEFAULT NULL, lock_mode text DEFAULT NULL,
                    nowait boolean DEFAULT false, remember boolean DEFAULT false, max_price numeric DEFAULT NULL,
                    expected_version bigint DEFAULT NULL, unit_price numeric DEFAULT NULL, amount numeric DEFAULT NULL,
                    store text DEFAULT NULL)
    RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(': ', concat_ws(', ', p.status || coalesce(' ' || p.qty || ' for ' || p.amount, ''), 'balance ' || p.balance), p.detail)
    FROM vend.try_purchase(item, buyer, qty, id => id_of(buy.id), lock_mode => buy.lock_mode, nowait => buy.nowait, remember => buy.remember,
                           max_price => buy.max_price, expected_version => buy.expected_version, unit_price => buy.unit_price,
                           amount => buy.amount, store => buy.store) p
$$;

-- The same through purchase(), which raises an error for a refusal: the balance alone.
CREATE FUNCTION buy_or_raise(buyer text, item text, qty bigint DEFAULT 1, id text DEFAULT NULL, nowait boolean DEFAULT false,
                             max_price numeric DEFAULT NULL, expected_version bigint DEFAULT NULL, lock_mode text DEFAULT NULL)
    RETURNS numeric LANGUAGE sql AS $$
    SELECT p.balance FROM vend.purchase(item, buyer, qty, id => id_of(buy_or_raise.id), nowait => buy_or_raise.nowait, max_price => buy_or_raise.max_price,
                       expected_version => buy_or_raise.expected_version, lock_mode => buy_or_raise.lock_mode) p
$$;

-- A purchase that nothing is in the way of; it shows nothing.
CREATE PROCEDURE sold(buyer text, item text, qty bigint DEFAULT 1, id text DEFAULT NULL, lock_mode text DEFAULT NULL, store text DEFAULT NULL)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vend.purchase(item, buyer, qty, id => id_of(sold.id), lock_mode => sold.lock_mode, store => sold.store);
END
$$;

CREATE PROCEDURE quiet(statement text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
END
$$;

-- Shows each row of a query in one line; the table of a SELECT takes five. For steps that never wait: isolationtester prints such a
-- line when it comes, above the step.
CREATE PROCEDURE show(query text) LANGUAGE plpgsql AS $$
DECLARE
    answer record;
BEGIN
    FOR answer IN EXECUTE query LOOP
        RAISE NOTICE '%', (SELECT string_agg(key || ': ' || coalesce(value, '-'), '; ') FROM json_each_text(row_to_json(answer)));
    END LOOP;
    IF NOT FOUND THEN RAISE NOTICE 'no rows'; END IF;
END
$$;

-- Takes the snapshot of a REPEATABLE READ or SERIALIZABLE transaction, and reads no table that a sale writes to.
CREATE PROCEDURE take_snapshot() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM pg_class WHERE relname = 'none';
END
$$;

-- The SQLSTATE of what a statement raises.
CREATE FUNCTION code_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

-- Goes on when so many sessions wait for units of an item that others have pending. (PostgreSQL does not see such a wait.)
CREATE PROCEDURE await_buyers(item text, sessions int DEFAULT 1) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 6000 LOOP
        IF (SELECT sum(waiting) FROM vend.stat_item s WHERE s.item = await_buyers.item) = sessions THEN RETURN; END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE EXCEPTION 'nobody waits';
END
$$;
