# Aim: the worker that settles. What a database has set for its sessions makes no other of it: it stays who it is, and settles. A store
# whose triggers take long, or do not end, holds up the others by one item. Where no worker can be had, those who sell settle, and
# the log and vend.stat_item say so.
# Guarantees: G6 (each delta counts once).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Escrow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
preload($node);
$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE dba_default;
CREATE DATABASE shop;
});
# The owner is no superuser; a policy and triggers of the owner's are on the table; in the schema evil an operator of the engine's
# and a table of its name do harm.
$node->safe_psql('shop', q{
CREATE EXTENSION pg_vend;
CREATE ROLE owner;
GRANT CREATE ON DATABASE shop TO owner;
CREATE SCHEMA evil;
CREATE FUNCTION evil.equal(a bigint, b bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = bigint, RIGHTARG = bigint);
CREATE FUNCTION evil.plus(a bigint, b bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE OPERATOR evil.+ (FUNCTION = evil.plus, LEFTARG = bigint, RIGHTARG = bigint);
CREATE TABLE evil.stock_delta (item text, qty bigint);
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SET ROLE owner;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 1000, 'escrow'), ('vase', 1, 1000, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000);
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE shop.heard (session name, is_origin boolean, isolation text, path text);
CREATE FUNCTION shop.hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO shop.heard VALUES (session_user, pg_catalog.current_setting('session_replication_role') = 'origin',
		pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('search_path'));
	RETURN NULL;
END $$;
CREATE TRIGGER hear AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.hear();
});

# It was there before; so nothing is set in it.
my $seller = open_session($node, 'shop');
sub one { my ($sql) = @_; return $node->safe_psql('shop', "SELECT $sql"); }
my $sold = 0;
for my $setting ("role = 'dba_default'", "session_authorization = 'dba_default'", 'default_transaction_read_only = on',
	"default_transaction_isolation = 'serializable'", 'default_transaction_deferrable = on', "session_replication_role = 'replica'",
	"statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", 'row_security = off', 'search_path = evil, shop, vend',
	$node->pg_version >= 17 ? "transaction_timeout = '1ms'" : ())
{
	stop_settler($node, 'shop');
	$node->safe_psql('postgres', "ALTER DATABASE shop SET $setting");
	answer($seller, 'TRUNCATE shop.heard');
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', "$setting: a sale");
	++$sold;
	ok(is_settled(), "$setting: it is settled");
	is(answer($seller, "SELECT stock FROM shop.item WHERE id = 'lamp'"), 1000 - $sold, "$setting: into the row");
	is(answer($seller, "SELECT DISTINCT session = (SELECT rolname FROM pg_roles WHERE oid = 10), is_origin, isolation, path FROM shop.heard"),
		't|t|read committed|pg_catalog, pg_temp', "$setting: by whom it was to be");
	$node->safe_psql('postgres', 'ALTER DATABASE shop RESET ALL');
}

# Asked in the session that has no setting.
sub is_settled
{
	for (1 .. 300)
	{
		return 1 if answer($seller, 'SELECT count(*) FROM shop.stock_delta') eq '0';
		usleep(100_000);
	}
	return 0;
}

# An error does not end it.
stop_settler($node, 'shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop SET exit_on_error = on');
$node->safe_psql('shop', q{
SET ROLE owner;
CREATE FUNCTION shop.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
CREATE TRIGGER fail BEFORE UPDATE ON shop.item FOR EACH ROW WHEN (old.id = 'vase') EXECUTE FUNCTION shop.fail()});
my $offset = -s $node->logfile;
is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'alpha')"), 'purchased', 'an item that cannot be settled is sold');
my $settler = settler_of($node, 'shop');
$node->wait_for_log(qr/ERROR:  not now/, $offset);
is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', 'another is sold');
wait_until($node, 'shop', "count(*) = 0 FROM shop.stock_delta WHERE item = 'lamp'");
is(settler_of($node, 'shop'), $settler, 'and settled by the same worker');
$node->safe_psql('postgres', 'ALTER DATABASE shop RESET ALL');
$node->safe_psql('shop', 'DROP TRIGGER fail ON shop.item');
ok(is_settled(), 'and the first once it can be');

# Those who are in the database sell on when nobody else is let in.
stop_settler($node, 'shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS false');
is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', 'no connections: a sale');
ok(is_settled(), 'no connections: it is settled');
$node->safe_psql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS true');

# Somebody has a store whose triggers wait for as long as they may.
$node->safe_psql('shop', q{
CREATE ROLE slow;
GRANT CREATE ON DATABASE shop TO slow;
SET ROLE slow;
SELECT vend.create_store('slow', wallets => false, prices => false), vend.create_store('stays', wallets => false, prices => false);
INSERT INTO slow.item (id, stock, lock_mode) SELECT 'item ' || n, 10, 'escrow' FROM generate_series(1, 8) AS n;
INSERT INTO stays.item (id, stock, lock_mode) VALUES ('item', 10, 'escrow');
CREATE FUNCTION slow.wait() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0
	AS $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(17); RETURN NEW; END $$;
CREATE TRIGGER wait AFTER UPDATE ON slow.item FOR EACH ROW EXECUTE FUNCTION slow.wait();
CREATE FUNCTION stays.stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		BEGIN
			PERFORM pg_catalog.pg_sleep(60);
		EXCEPTION WHEN query_canceled THEN
		END;
	END LOOP;
END $$;
CREATE TRIGGER stay AFTER UPDATE ON stays.item FOR EACH ROW EXECUTE FUNCTION stays.stay();
});
stop_settler($node, 'shop');
my $locker = open_session($node, 'shop');
answer($locker, 'SELECT pg_advisory_lock(17)');
is(one("count(*) FROM vend.purchase_many((SELECT array_agg(id) FROM slow.item), array_fill('x'::text, ARRAY[8]), store => 'slow',
	unit_prices => array_fill(0, ARRAY[8]))"), '8', 'slow: sales');
wait_until($node, 'shop', "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
$offset = -s $node->logfile;
for (1 .. 5)
{
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', "slow: sale $_ in another store");
	ok(is_settled(), "slow: sale $_ is settled");
	my $given_up = () = slurp_file($node->logfile, $offset) =~ /canceling statement due to statement timeout/g;
	cmp_ok($given_up, '<=', 1, "slow: sale $_ has waited for one item at most");
}
is(answer($locker, 'SELECT pg_advisory_unlock(17)'), 't', 'slow: the triggers no longer wait');
is(one("vend.settle('slow')"), '8', 'slow: all could be settled');
$locker->quit;

# Or go on when they are cancelled.
$offset = -s $node->logfile;
is(one("status FROM vend.try_purchase('item', 'x', unit_price => 0, store => 'stays')"), 'purchased', 'stays: a sale');
$settler = settler_of($node, 'shop', "wait_event = 'PgSleep'");
$node->wait_for_log(qr/WARNING: .*settling an escrow item of store "stays" went on after it was cancelled/, $offset);
wait_until($node, 'shop', "count(*) = 0 FROM pg_stat_activity WHERE pid = $settler");
for (1 .. 3)
{
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', "stays: sale $_ in another store");
	ok(is_settled(), "stays: sale $_ is settled, by another worker");
}
my $ended = () = slurp_file($node->logfile, $offset) =~ /went on after it was cancelled/g;
is($ended, 1, 'stays: which leaves it alone');
$node->safe_psql('shop', 'DROP TRIGGER stay ON stays.item');
is(one("vend.settle('stays')"), '1', 'stays: it could be settled');
books_are_right($node, 'shop', 'in the end');
is(one("count(*) FROM vend.audit('slow')"), '0', 'slow: the books are right');

$seller->quit;
$node->stop;

# No worker can be had: the one that there is has other work.
$node = PostgreSQL::Test::Cluster->new('without');
$node->init;
preload($node, 'max_worker_processes = 1');
$node->start;
wait_until($node, 'postgres', "count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'logical replication launcher'");
$node->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 100000, 'escrow'), ('vase', 1, 100000, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000000);
});

# A sale in a session of its own, which hears of nothing but the sale.
sub sell
{
	my ($item, $before) = @_;
	my ($code, $out, $err) = $node->psql('postgres', ($before // '') . "SELECT status FROM vend.try_purchase('$item', 'alpha')");
	return $out . $err;
}

# Sells until a condition comes true.
sub sells_until
{
	my ($item, $condition) = @_;
	for (1 .. 600)
	{
		return 'sale failed' if sell($item) ne 'purchased';
		return 1 if $node->safe_psql('postgres', "SELECT $condition") eq 't';
		usleep(50_000);
	}
	return 'never';
}

sub stock { my ($item) = @_; return $node->safe_psql('postgres', "SELECT stock FROM shop.item WHERE id = '$item'"); }
is(sell('lamp'), 'purchased', 'no worker: a sale');
is(stock('lamp'), '100000', 'no worker: nobody settles at once');
is($node->safe_psql('postgres', "SELECT worker_missing BETWEEN '0' AND settle_lag + '10s' FROM vend.stat_item"), 't', 'no worker: stat_item has it');
is(sells_until('lamp', "stock < 100000 FROM shop.item WHERE id = 'lamp'"), 1, 'no worker: those who sell settle');
is(sells_until('vase', "stock < 100000 FROM shop.item WHERE id = 'vase'"), 1, 'no worker: and another item');
sub log_says { my ($pattern, $from) = @_; return slurp_file($node->logfile, $from // 0) =~ $pattern; }
for (1 .. 600)
{
	last if log_says(qr/no background worker is free/) || sell('lamp') ne 'purchased';
	usleep(50_000);
}
is(sell('lamp'), 'purchased', "no worker: another sale, $_") for 1 .. 30;
my $log = slurp_file($node->logfile);
my $warnings = () = $log =~ /WARNING: .*no background worker is free to settle escrow items of database "postgres"/g;
is($warnings, 1, 'no worker: the log says so, once a minute');
like($log, qr/HINT:  Raise max_worker_processes, which is 1, and restart the server\./, 'no worker: and what to do');
books_are_right($node, 'postgres', 'no worker');

# Nobody waits for a row that is locked, and what cannot be settled is the concern of nobody who buys.
my $buyer = open_session($node, 'postgres');
answer($buyer, "SET statement_timeout = '10s'");
$locker = hold_row($node, 'postgres', 'lamp');
for (1 .. 20)
{
	is(answer($buyer, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', "no worker: locked row, sale $_") or last;
	usleep(50_000);
}
is(answer($locker, 'COMMIT'), '', 'no worker: it is let go');
$locker->quit;
$offset = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT vend.settle()');
$node->safe_psql('postgres', "ALTER TABLE shop.item ADD CONSTRAINT enough CHECK (id <> 'vase' OR stock >= " . stock('vase') . ')');
my $answers = '';
for (1 .. 600)
{
	$answers .= sell('vase');
	last if log_says(qr/WARNING: .*item "vase" of store "shop" could not be settled/, $offset);
	usleep(50_000);
}
like($answers, qr/^(purchased)+$/, 'no worker: sales of an item that cannot be settled');
ok(log_says(qr/item "vase" of store "shop" could not be settled/, $offset), 'no worker: the log has it');
$node->safe_psql('postgres', 'ALTER TABLE shop.item DROP CONSTRAINT enough');

# A sale that is undone, its settling with it; and one under a snapshot of its own.
for my $end ('ROLLBACK', 'COMMIT')
{
	my $before = stock('lamp');
	my $is_settled = 0;
	for (1 .. 600)
	{
		answer($buyer, 'BEGIN');
		answer($buyer, "SAVEPOINT a; SELECT status FROM vend.try_purchase('lamp', 'alpha'); RELEASE a");
		$is_settled = answer($buyer, "SELECT stock < $before FROM shop.item WHERE id = 'lamp'") eq 't';
		last if $is_settled;
		answer($buyer, 'COMMIT');
		usleep(50_000);
	}
	ok($is_settled, "no worker: a sale in a transaction settles, $end");
	answer($buyer, $end);
	is(stock('lamp') eq $before, $end eq 'ROLLBACK', "no worker: so it ends with it, $end");
	books_are_right($node, 'postgres', "no worker: after $end");
}
is(sell('lamp', 'SET default_transaction_isolation = $$repeatable read$$;'), 'purchased', 'no worker: a sale at REPEATABLE READ');

# Of many deltas one call settles a part.
$node->safe_psql('postgres', 'SELECT vend.settle()');
$locker = hold_row($node, 'postgres', 'lamp');
$node->safe_psql('postgres', q{
DO $$ BEGIN FOR i IN 1 .. 1500 LOOP PERFORM vend.purchase('lamp', 'alpha'); COMMIT; END LOOP; END $$});
is(answer($locker, 'COMMIT'), '', 'no worker: many deltas');
$locker->quit;
my ($deltas, $left) = (0, 0);
for (1 .. 600)
{
	$deltas = answer($buyer, 'SELECT count(*) FROM shop.stock_delta');
	answer($buyer, "SELECT status FROM vend.try_purchase('lamp', 'alpha')");
	$left = answer($buyer, 'SELECT count(*) FROM shop.stock_delta');
	last if $left < $deltas;
	usleep(50_000);
}
is($deltas + 1 - $left, 1000, 'no worker: a call settles a thousand');
books_are_right($node, 'postgres', 'no worker: in the end');

# As many more as it takes for the row to show a stock: what was restocked may be found behind what was sold. Of the deltas of sales that
# end in turn that is so now and then; here it is made so.
$node->safe_psql('postgres', q{
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('cup', 1, 100, 'escrow');
DO $$
DECLARE name text;
BEGIN
	ALTER TABLE shop.stock_delta DISABLE TRIGGER ALL;
	INSERT INTO shop.stock_delta (item, qty) SELECT 'cup', -1 FROM generate_series(1, 1200);
	INSERT INTO shop.stock_delta (item, qty) VALUES ('cup', 1200);
	FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'shop.stock_delta'::regclass LOOP
		EXECUTE format('ALTER TABLE shop.stock_delta ENABLE ALWAYS TRIGGER %I', name);
	END LOOP;
END $$});
is(sells_until('cup', "count(*) < 1000 FROM shop.stock_delta WHERE item = 'cup'"), 1, 'no worker: more than a thousand where it takes more');
books_are_right($node, 'postgres', 'no worker: more than a thousand');

# With room for one, everything is as it should be.
$buyer->quit;
$node->append_conf('postgresql.conf', 'max_worker_processes = 16');
$node->restart;
is(sell('lamp'), 'purchased', 'a worker again: a sale');
wait_until($node, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
is($node->safe_psql('postgres', 'SELECT count(worker_missing) FROM vend.stat_item'), '0', 'a worker again: none is missing');
books_are_right($node, 'postgres', 'a worker again');

$node->stop;
done_testing();
