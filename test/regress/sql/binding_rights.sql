-- Reading a store's indexes and checks evaluates functions of the owner's. They run as the owner, whoever
-- comes first.
CREATE ROLE regress_vend_owner;
CREATE ROLE regress_vend_buyer;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_vend_owner', current_database()); END $$;
SET ROLE regress_vend_owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item VALUES ('lamp', 1, 10);
INSERT INTO shop.wallet VALUES ('alpha', 10);
SELECT vend.grant_role('buyer', 'regress_vend_buyer', 'shop');
CREATE FUNCTION shop.whoami(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'regress_vend_owner' THEN RAISE WARNING 'running as another role'; END IF;
    RETURN true;
END
$$;
CREATE INDEX ON shop.item ((shop.whoami(1)), id);
CREATE INDEX ON shop.ledger (id) WHERE shop.whoami(2);
ALTER TABLE shop.wallet ADD CHECK (shop.whoami(3));
ALTER TABLE shop.stock_delta ADD CHECK (shop.whoami(4));
RESET ROLE;
\c
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
\c
SET ROLE regress_vend_buyer;
SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop');
RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_vend_owner, regress_vend_buyer;
DROP ROLE regress_vend_owner, regress_vend_buyer;
