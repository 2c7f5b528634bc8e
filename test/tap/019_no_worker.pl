# Aim: no worker can be had, for want of a slot or because it does not come up. Those who sell settle, one at a time, without a wait; the
# log and vend.stat_item say so; no buyer hears of it. Once a worker can be had, it settles.
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
use Time::HiRes qw(usleep);

# The one that there is room for has other work.
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
unless (is(sells_until('lamp', "stock < 100000 FROM shop.item WHERE id = 'lamp'"), 1, 'no worker: those who sell settle'))
{
	$node->stop('immediate');
	done_testing();
	exit;
}
is(sells_until('vase', "stock < 100000 FROM shop.item WHERE id = 'vase'"), 1, 'no worker: and another item');
sub log_says { my ($pattern, $from) = @_; return slurp_file($node->logfile, $from // 0) =~ $pattern; }
my $first_warning;
for (1 .. 600)
{
	$first_warning = time;
	last if sell('lamp') ne 'purchased' || log_says(qr/no background worker is free/);
	usleep(50_000);
}
# Sales go on for 3 s: an attempt to start the worker that fails is followed by another after 1 s.
is(sell('lamp'), 'purchased', 'no worker: a sale after the warning') while time <= $first_warning + 3;
my $log = slurp_file($node->logfile);
my $warnings = () = $log =~ /WARNING: .*no background worker is free to settle escrow items of database "postgres"/g;
cmp_ok($warnings, '>=', 1, 'no worker: the log says so');
cmp_ok($warnings, '<=', 1 + (time - $first_warning) / 60, 'no worker: the log says so once a minute');
like($log, qr/HINT:  Raise max_worker_processes, which is 1, and restart the server\./, 'no worker: and what to do');
books_are_right($node, 'postgres', 'no worker');

# Nobody waits for a row that is locked, and what cannot be settled is the concern of nobody who buys.
my $buyer = open_session($node, 'postgres');
answer($buyer, "SET statement_timeout = '10s'");
my $locker = hold_row($node, 'postgres', 'lamp');
for (1 .. 20)
{
	is(answer($buyer, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', "no worker: locked row, sale $_") or last;
	usleep(50_000);
}
is(answer($locker, 'COMMIT'), '', 'no worker: it is let go');
$locker->quit;
my $offset = -s $node->logfile;
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

# It is started and does not come up.
stop_settler($node, 'postgres');
$offset = -s $node->logfile;
$node->append_conf('postgresql.conf', "dynamic_library_path = '/nowhere'");
$node->reload;
is($node->safe_psql('postgres', 'SHOW dynamic_library_path'), '/nowhere', 'worker gone: it does not find its library');
my $before = stock('lamp');
is(sells_until('lamp', "stock < $before FROM shop.item WHERE id = 'lamp'"), 1, 'worker gone: those who sell settle');
for (1 .. 600)
{
	last if log_says(qr/WARNING: .*background worker that settles escrow items of database "postgres" does not come up/, $offset);
	sell('lamp');
	usleep(50_000);
}
ok(log_says(qr/WARNING: .*background worker that settles escrow items of database "postgres" does not come up/, $offset),
	'worker gone: the log says so');
$node->append_conf('postgresql.conf', "dynamic_library_path = '\$libdir'");
$node->reload;
is(sells_until('lamp', "count(*) = 0 FROM vend.stat_item WHERE worker_missing IS NOT NULL"), 1, 'worker gone: it comes again');
books_are_right($node, 'postgres', 'worker gone');

$node->stop;
done_testing();
