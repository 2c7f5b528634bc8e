# Aim: the settings that a database has for its sessions do not change the worker that settles. A store whose triggers take long, or do
# not end, delays the others by one item.
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
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000);
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE shop.heard (session name, is_origin boolean, isolation text, path text);
CREATE FUNCTION shop.hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE LOG 'settling %', new.id;
	INSERT INTO shop.heard VALUES (session_user, pg_catalog.current_setting('session_replication_role') = 'origin',
		pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('search_path'));
	RETURN NULL;
END $$;
CREATE TRIGGER hear AFTER UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.hear();
});

# This session begins before the database gets settings, so it has none of them.
my $seller = open_session($node, 'shop');
sub one { my ($sql) = @_; return $node->safe_psql('shop', "SELECT $sql"); }
sub is_settled { return await(sub { answer($seller, 'SELECT count(*) FROM shop.stock_delta') eq '0' }); }
my $sold = 0;
for my $setting ("role = 'dba_default'", "session_authorization = 'dba_default'", 'default_transaction_read_only = on',
	"default_transaction_isolation = 'serializable'", 'default_transaction_deferrable = on', "session_replication_role = 'replica'",
	"statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", 'row_security = off', 'search_path = evil, shop, vend',
	$node->pg_version >= 17 ? "transaction_timeout = '1ms'" : ())
{
	stop_settler($node, 'shop');
	$node->safe_psql('postgres', "ALTER DATABASE shop SET $setting");
	answer($seller, 'TRUNCATE shop.heard');
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', "$setting: a sale is made");
	++$sold;
	ok(is_settled(), "$setting: the sale is settled") or last;
	is(answer($seller, "SELECT stock FROM shop.item WHERE id = 'lamp'"), 1000 - $sold, "$setting: the row has the new stock");
	is(answer($seller, "SELECT DISTINCT session = (SELECT rolname FROM pg_roles WHERE oid = 10), is_origin, isolation, path FROM shop.heard"),
		't|t|read committed|pg_catalog, pg_temp', "$setting: the worker has its own user and settings");
	$node->safe_psql('postgres', 'ALTER DATABASE shop RESET ALL');
}

# An error does not end the worker: it tries once more after a second.
stop_settler($node, 'shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop SET exit_on_error = on');
$node->safe_psql('shop', q{
SET ROLE owner;
CREATE FUNCTION shop.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
CREATE TRIGGER fail BEFORE UPDATE ON shop.item FOR EACH ROW WHEN (old.id = 'vase') EXECUTE FUNCTION shop.fail()});
my $offset = -s $node->logfile;
is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'alpha')"), 'purchased', 'an item that cannot be settled is sold');
ok(await(sub { slurp_file($node->logfile, $offset) =~ /\[(\d+)\] ERROR:  not now.*\[\1\] ERROR:  not now/s }),
	'one worker has tried to settle it twice');
is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', 'another item is sold');
ok(await(sub { answer($seller, "SELECT count(*) FROM shop.stock_delta WHERE item = 'lamp'") eq '0' }), 'the other item is settled');
$node->safe_psql('postgres', 'ALTER DATABASE shop RESET ALL');
$node->safe_psql('shop', 'DROP TRIGGER fail ON shop.item');
# A worker that has nothing to do leaves, and the next sale brings another.
ok(await(sub {
	answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')");
	return answer($seller, "SELECT count(*) FROM shop.stock_delta WHERE item = 'vase'") eq '0';
}), 'the first item is settled once it can be');
ok(is_settled(), 'the other item is settled as well');

# Sessions in the database sell on when nobody else is let in.
stop_settler($node, 'shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS false');
is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', 'no connections: a session that was there sells');
ok(is_settled(), 'no connections: the sale is settled');
$node->safe_psql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS true');

# Somebody has stores whose triggers wait until they are cancelled.
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
my $given_up = qr/canceling statement due to statement timeout\n.*?settling an escrow item of store "(\w+)"/s;
my $went_on = qr/settling an escrow item of store "(\w+)" went on after it was cancelled/;
my $locker = open_session($node, 'shop');
answer($locker, 'SELECT pg_advisory_lock(17)');
# Another store comes before the store shop if the worker has found shop slow, which it is when a busy machine makes a turn of it last for
# a quarter of a second. So one try in which shop was always quick is enough.
my @waits;
for my $try (1 .. 5)
{
	@waits = items_waited_for($try);
	last if !grep { $_ > 1 } @waits;
}
is("@waits", join(' ', map { $_ > 1 ? '0 or 1' : $_ } @waits), 'slow: each sale in the quick store has waited for one item at most');
$locker->quit;

# Sells in the store shop while the worker comes to the items of the three stores slow. Returns how many of those each sale waited for.
sub items_waited_for
{
	my ($try) = @_;
	my @waited_for;
	stop_settler($node, 'shop');
	# The sales of this transaction become work for the worker at one moment, while it waits for the first item of the store slow. Until
	# then the worker stays, as a unit is pending, and learns that the store shop is quick.
	is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased',
		'slow: sale 1 is made in the quick store');
	for (1 .. 3)
	{
		is(one("status FROM vend.try_purchase('lamp', 'beta', store => 'shop')"), 'purchased', 'slow: a sale is made in the quick store');
		ok(comes_true($node, 'shop', 'count(*) = 0 FROM shop.stock_delta'), 'slow: the sale is settled');
	}
	is(one("count(*) FROM vend.purchase_many((SELECT array_agg(id) FROM slow.item), array_fill('x'::text, ARRAY[8]), store => 'slow',
		unit_prices => array_fill(0, ARRAY[8]))"), '8', 'slow: eight sales are made in slow');
	wait_until($node, 'shop', "count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
	my $from = -s $node->logfile;
	for my $sale (1 .. 5)
	{
		if ($sale == 1)
		{
			is(answer($seller, "SELECT status FROM unnest('{slow2,slow3}'::text[]) AS store,
				vend.try_purchase('item', 'x', unit_price => 0, store => store); COMMIT"), "purchased\npurchased", 'slow: a sale is made in slow2 and in slow3');
		}
		else
		{
			is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased',
				"slow: sale $sale is made in the quick store");
		}
		answer($seller, "DO 'BEGIN RAISE LOG ''sold %'', $sale; END'");
		ok(is_settled(), "slow: sale $sale is settled");
		# The log has the order of events: the sale, what the worker gave up after it, the settling of the sale.
		my ($log) = slurp_file($node->logfile, $from) =~ /\A((?:.*?settling lamp\n){$sale})/s;
		ok(defined $log, "slow: the log has the settling of sale $sale");
		my ($between) = ($log // '') =~ /sold $sale\n(.*)/s;
		push @waited_for, scalar(() = ($between // '') =~ /$given_up/g);
	}
	my %is_given_up;
	ok(await(sub { $is_given_up{ $_->[0] } = 1 for entries($given_up, $from); return keys %is_given_up == 3 }),
		'slow: each of the three stores has had its turn');
	is(pauses_below(45, entries($given_up, $from)), '', 'slow: each of them pauses for nine times as long as its turn took');
	# No worker is there until the next sale, and the session that has the lock does not wait for it.
	stop_settler($node, 'shop');
	is(answer($locker, "SELECT vend.settle('slow')"), '8', 'slow: all its items can be settled');
	is(answer($locker, "SELECT vend.settle('$_')"), '1', "slow: the item of $_ can be settled") for qw(slow2 slow3);
	return @waited_for;
}

# Returns the entries of the log from the offset on that match a pattern with a group for the store: of each the store, and the time
# of day in seconds.
sub entries
{
	my ($pattern, $from) = @_;
	my @found;
	my $log = slurp_file($node->logfile, $from);
	while ($log =~ /^\S+ (\d+):(\d+):([\d.]+) [^\n]*$pattern/smg)
	{
		push @found, [ $4, ($1 * 60 + $2) * 60 + $3 ];
	}
	return @found;
}

# Returns the pauses between two entries of one store that are shorter than so many seconds.
sub pauses_below
{
	my ($seconds, @entries) = @_;
	my (%last, @short);
	for my $entry (@entries)
	{
		my ($store, $time) = @$entry;
		my $pause = exists $last{$store} ? ($time - $last{$store}) % 86400 : $seconds;
		push @short, "$store: $pause" if $pause < $seconds;
		$last{$store} = $time;
	}
	return join ', ', @short;
}

# The trigger of the store stays goes on when it is cancelled.
$offset = -s $node->logfile;
is(one("count(*) FROM vend.purchase_many((SELECT array_agg(id) FROM stays.item), array_fill('x'::text, ARRAY[3]), store => 'stays',
	unit_prices => array_fill(0, ARRAY[3]))"), '3', 'stays: three sales are made');
my $settler;
unless (ok(await(sub { ($settler) = slurp_file($node->logfile, $offset) =~ /\[(\d+)\] WARNING:  $went_on/ }), 'stays: the worker says that it ends'))
{
	$node->stop('immediate');
	done_testing();
	exit;
}
ok(comes_true($node, 'postgres', "count(*) = 0 FROM pg_stat_activity WHERE pid = $settler"), 'stays: the worker ends');
for (1 .. 3)
{
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', store => 'shop')"), 'purchased', "stays: sale $_ is made in another store");
	ok(is_settled(), "stays: another worker settles sale $_");
}
is(pauses_below(45, entries($went_on, $offset)), '', 'stays: the other workers leave it alone for as long as it is to pause');
stop_settler($node, 'shop');
$node->safe_psql('shop', 'DROP TRIGGER stay ON stays.item');
is(one("vend.settle('stays')"), '3', 'stays: all its items can be settled');
books_are_right($node, 'shop', 'in the end');
is(one("count(*) FROM vend.audit('slow')"), '0', 'slow: the books are right');

$seller->quit;
$node->stop;
done_testing();
