# Aim: the worker that settles. What a database has set for its sessions makes no other of it: it stays who it is, and settles. A store
# whose triggers take long, or do not end, holds up the others by one item.
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

# Somebody has stores whose triggers wait for as long as they may.
$node->safe_psql('shop', q{
CREATE ROLE slow;
GRANT CREATE ON DATABASE shop TO slow;
SET ROLE slow;
SELECT vend.create_store(name, wallets => false, prices => false) FROM unnest('{slow,slow2,slow3,stays}'::text[]) AS name;
INSERT INTO slow.item (id, stock, lock_mode) SELECT 'item ' || n, 10, 'escrow' FROM generate_series(1, 8) AS n;
INSERT INTO stays.item (id, stock, lock_mode) SELECT 'item ' || n, 10, 'escrow' FROM generate_series(1, 3) AS n;
CREATE FUNCTION slow.wait() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0
	AS $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(17); RETURN NEW; END $$;
INSERT INTO slow2.item (id, stock, lock_mode) VALUES ('item', 10, 'escrow');
INSERT INTO slow3.item (id, stock, lock_mode) VALUES ('item', 10, 'escrow');
CREATE TRIGGER wait AFTER UPDATE ON slow.item FOR EACH ROW EXECUTE FUNCTION slow.wait();
CREATE TRIGGER wait AFTER UPDATE ON slow2.item FOR EACH ROW EXECUTE FUNCTION slow.wait();
CREATE TRIGGER wait AFTER UPDATE ON slow3.item FOR EACH ROW EXECUTE FUNCTION slow.wait();
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
# The worker knows the other store.
is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', 'slow: a sale in another store');
ok(is_settled(), 'slow: it is settled');
is(one("count(*) FROM vend.purchase_many((SELECT array_agg(id) FROM slow.item), array_fill('x'::text, ARRAY[8]), store => 'slow',
	unit_prices => array_fill(0, ARRAY[8]))"), '8', 'slow: sales');
wait_until($node, 'shop', "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
$offset = -s $node->logfile;
is(one("status FROM vend.try_purchase('item', 'x', unit_price => 0, store => '$_')"), 'purchased', "slow: a sale in $_") for qw(slow2 slow3);
my $given_up = 0;
for (1 .. 5)
{
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', "slow: sale $_ in another store");
	ok(is_settled(), "slow: sale $_ is settled");
	my $before = $given_up;
	$given_up = () = slurp_file($node->logfile, $offset) =~ /canceling statement due to statement timeout/g;
	cmp_ok($given_up - $before, '<=', 1, "slow: sale $_ has waited for one item at most");
}
cmp_ok($given_up, '<=', 3, 'slow: each of the three has had its turn, and pauses');
is(answer($locker, 'SELECT pg_advisory_unlock(17)'), 't', 'slow: the triggers no longer wait');
is(one("vend.settle('slow')"), '8', 'slow: all could be settled');
is(one("vend.settle('$_')"), '1', "slow: that of $_ as well") for qw(slow2 slow3);
$locker->quit;

# Or go on when they are cancelled.
$offset = -s $node->logfile;
is(one("count(*) FROM vend.purchase_many((SELECT array_agg(id) FROM stays.item), array_fill('x'::text, ARRAY[3]), store => 'stays',
	unit_prices => array_fill(0, ARRAY[3]))"), '3', 'stays: sales');
$settler = settler_of($node, 'shop', "wait_event = 'PgSleep'");
unless (ok(comes_true($node, 'shop', "count(*) = 0 FROM pg_stat_activity WHERE pid = $settler", 60), 'stays: the worker ends'))
{
	$node->stop('immediate');
	done_testing();
	exit;
}
like(slurp_file($node->logfile, $offset), qr/WARNING: .*settling an escrow item of store "stays" went on after it was cancelled/,
	'stays: and says why');
for (1 .. 3)
{
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', "stays: sale $_ in another store");
	ok(is_settled(), "stays: sale $_ is settled, by another worker");
}
my $ended = () = slurp_file($node->logfile, $offset) =~ /went on after it was cancelled/g;
is($ended, 1, 'stays: which leaves it alone');
$node->safe_psql('shop', 'DROP TRIGGER stay ON stays.item');
is(one("vend.settle('stays')"), '3', 'stays: it could be settled');
books_are_right($node, 'shop', 'in the end');
is(one("count(*) FROM vend.audit('slow')"), '0', 'slow: the books are right');

$seller->quit;
$node->stop;
done_testing();
