# Aim: the server has no worker, for want of a slot or because the worker does not come up. Sessions that sell settle, one at a time and
# without waiting; the log and vend.stat_item say so; no buyer hears of it. Once there is a worker, it settles.
# Guarantees: G3 (a sale does not fail with what is settled in it), G6 (each delta counts once), G7 (nobody waits in it).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Escrow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# There is room for one worker, and the launcher of logical replication has it.
my $node = PostgreSQL::Test::Cluster->new('main');
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

# Sells in a session of its own. Returns all that the session hears.
sub sell
{
	my ($item, $before) = @_;
	my ($code, $out, $err) = $node->psql('postgres', ($before // '') . "SELECT status FROM vend.try_purchase('$item', 'alpha')");
	return $out . $err;
}

# Sells until a condition comes true, or until a sale is answered in another way.
sub sells_until
{
	my ($item, $condition) = @_;
	return await(sub {
		my $told = sell($item);
		return $told ne 'purchased' ? $told : $node->safe_psql('postgres', "SELECT $condition") eq 't';
	});
}

# The same until the log matches a pattern.
sub sells_until_log
{
	my ($item, $pattern, $from) = @_;
	return await(sub {
		my $told = sell($item);
		return $told ne 'purchased' ? $told : slurp_file($node->logfile, $from) =~ $pattern;
	});
}

sub stock { my ($item) = @_; return $node->safe_psql('postgres', "SELECT stock FROM shop.item WHERE id = '$item'"); }
is(sell('lamp'), 'purchased', 'no worker: a sale is made');
is(stock('lamp'), '100000', 'no worker: the sale is not settled at once');
is($node->safe_psql('postgres', "SELECT worker_missing BETWEEN '0' AND clock_timestamp() - pg_postmaster_start_time() FROM vend.stat_item"), 't',
	'no worker: stat_item says for how long there has been none');
unless (is(sells_until('lamp', "stock < 100000 FROM shop.item WHERE id = 'lamp'"), 1, 'no worker: sessions that sell settle'))
{
	$node->stop('immediate');
	done_testing();
	exit;
}
is(sells_until('vase', "stock < 100000 FROM shop.item WHERE id = 'vase'"), 1, 'no worker: sessions that sell another item settle that');
my $first_warning = time;
is(sells_until_log('lamp', qr/no background worker is free/, 0), 1, 'no worker: the log says so');
my $after_warning = time;
# Sales go on for 3 s: an attempt to start the worker that fails is followed by another after 1 s.
is(sell('lamp'), 'purchased', 'no worker: a sale after the warning') while time <= $after_warning + 3;
my $log = slurp_file($node->logfile);
my $warnings = () = $log =~ /WARNING: .*no background worker is free to settle escrow items of database "postgres"/g;
cmp_ok($warnings, '<=', 1 + (time - $first_warning) / 60, 'no worker: the log says so once a minute');
like($log, qr/HINT:  Raise max_worker_processes, which is 1, and restart the server\./, 'no worker: the log says what to do');
books_are_right($node, 'postgres', 'no worker');

# Nobody waits for a row that is locked. The lamp is the first of the items to be settled: once the vase was settled, a sale has found the
# lamp's row locked.
$node->safe_psql('postgres', 'SELECT vend.settle()');
my $buyer = open_session($node, 'postgres');
my $locker = lock_row($node, 'postgres', 'lamp');
is(answer($buyer, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', 'no worker: an item whose row is locked is sold');
my $vases = stock('vase');
is(await(sub {
	my $told = answer($buyer, "SELECT status FROM vend.try_purchase('vase', 'alpha')");
	return $told ne 'purchased' ? $told : stock('vase') < $vases;
}), 1, 'no worker: sales of another item settle that, and wait for no lock');
is(answer($locker, 'COMMIT'), '', 'no worker: the lock is released');
$locker->quit;
my $offset = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT vend.settle()');
$node->safe_psql('postgres', "ALTER TABLE shop.item ADD CONSTRAINT enough CHECK (id <> 'vase' OR stock >= " . stock('vase') . ')');
is(sells_until_log('vase', qr/WARNING: .*item "vase" of store "shop" could not be settled/, $offset), 1,
	'no worker: sales of an item that cannot be settled say so in the log alone');
$node->safe_psql('postgres', 'ALTER TABLE shop.item DROP CONSTRAINT enough');

# A sale that is undone takes its settling with it.
for my $end ('ROLLBACK', 'COMMIT')
{
	my $before = stock('lamp');
	ok(await(sub {
		answer($buyer, 'COMMIT; BEGIN');
		answer($buyer, "SAVEPOINT a; SELECT status FROM vend.try_purchase('lamp', 'alpha'); RELEASE a");
		return answer($buyer, "SELECT stock < $before FROM shop.item WHERE id = 'lamp'") eq 't';
	}), "no worker: a sale in a transaction settles, $end");
	answer($buyer, $end);
	is(stock('lamp') eq $before, $end eq 'ROLLBACK', "no worker: the settling ends as the transaction does, $end");
	books_are_right($node, 'postgres', "no worker: after $end");
}
is(sell('lamp', 'SET default_transaction_isolation = $$repeatable read$$;'), 'purchased', 'no worker: a sale at REPEATABLE READ is made');

# If there are many deltas, one call settles a part of them.
$node->safe_psql('postgres', 'SELECT vend.settle()');
$locker = lock_row($node, 'postgres', 'lamp');
$node->safe_psql('postgres', q{
DO $$ BEGIN FOR i IN 1 .. 1500 LOOP PERFORM vend.purchase('lamp', 'alpha'); COMMIT; END LOOP; END $$});
is(answer($locker, 'COMMIT'), '', 'no worker: 1500 deltas can be settled');
$locker->quit;
my ($deltas, $left) = (0, 0);
await(sub {
	$deltas = answer($buyer, 'SELECT count(*) FROM shop.stock_delta');
	answer($buyer, "SELECT status FROM vend.try_purchase('lamp', 'alpha')");
	$left = answer($buyer, 'SELECT count(*) FROM shop.stock_delta');
	return $left < $deltas;
});
is($deltas + 1 - $left, 1000, 'no worker: a call settles a thousand deltas');
books_are_right($node, 'postgres', 'no worker: in the end');

# A call settles more deltas if the row's stock would be negative without them. The delta of a restock may stand behind those of sales
# that it made possible, as it does here.
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
is(sells_until('cup', "count(*) < 1000 FROM shop.stock_delta WHERE item = 'cup'"), 1, 'no worker: a call settles more deltas until the stock is not negative');
books_are_right($node, 'postgres', 'no worker: more than a thousand');

# With room for a worker, the worker settles.
$buyer->quit;
$node->append_conf('postgresql.conf', 'max_worker_processes = 16');
$node->restart;
is(sell('lamp'), 'purchased', 'a worker again: a sale is made');
wait_until($node, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
is($node->safe_psql('postgres', 'SELECT count(worker_missing) FROM vend.stat_item'), '0', 'a worker again: none is missing');
books_are_right($node, 'postgres', 'a worker again');

# The worker is started and does not come up.
stop_settler($node, 'postgres');
$offset = -s $node->logfile;
$node->append_conf('postgresql.conf', "dynamic_library_path = '/nowhere'");
$node->reload;
wait_until($node, 'postgres', "current_setting('dynamic_library_path') = '/nowhere'");
my $before = stock('lamp');
is(sells_until('lamp', "stock < $before FROM shop.item WHERE id = 'lamp'"), 1, 'worker gone: sessions that sell settle');
is(sells_until_log('lamp', qr/WARNING: .*background worker that settles escrow items of database "postgres" does not come up/, $offset), 1,
	'worker gone: the log says so');
$node->append_conf('postgresql.conf', "dynamic_library_path = '\$libdir'");
$node->reload;
is(sells_until('lamp', "count(*) = 0 FROM vend.stat_item WHERE worker_missing IS NOT NULL"), 1, 'worker gone: another worker comes');
books_are_right($node, 'postgres', 'worker gone');

$node->stop;
done_testing();
