# Aim: escrow and replicas. A standby tells what is available and has no counters; promoted under load it sells on with
# nothing lost (G6). A publication stops no settling, and the apply of a subscription makes counters be read again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Escrow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $make_store = "CREATE EXTENSION pg_vend; SELECT vend.create_store('shop')";
my $fill_store = q{
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 1000000, 'escrow'), ('vase', 1, 100, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 10000000), ('beta', 10000000);
};

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
preload($primary, 'hot_standby_feedback = on');
$primary->start;
$primary->safe_psql('postgres', "$make_store; $fill_store");

# The settler deletes deltas, which have no key.
$primary->safe_psql('postgres', 'CREATE PUBLICATION everything FOR ALL TABLES');
is($primary->safe_psql('postgres', "SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 1'))"),
	'purchased', 'published: a sale is made');
wait_until($primary, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
is($primary->safe_psql('postgres', "SELECT stock FROM shop.item WHERE id = 'lamp'"), '999999', 'published: the sale is settled');
$primary->safe_psql('postgres', 'DROP PUBLICATION everything');

# The primary sells while the standby is asked.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# No query of the reader is cancelled for what the primary has removed.
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\n");
$standby->start;
my $locker = lock_row($primary, 'postgres', 'vase');
is($primary->safe_psql('postgres', "SELECT status FROM vend.try_purchase('vase', 'alpha', 3)"), 'purchased', 'a sale is made that cannot be settled');
$primary->wait_for_catchup($standby);
my $reader = open_session($standby, 'postgres');
is(answer($reader, "SELECT stock, vend.available('vase') FROM shop.item WHERE id = 'vase'"), '100|97',
	'standby: what is available counts the deltas');
is(answer($reader, 'SELECT count(*) FROM vend.stat_item'), '0', 'standby: there are no counters');

my $directory = $primary->basedir;
my $load = start_load($primary, 'postgres', $directory);
wait_until($primary, 'postgres', 'count(*) > 100 FROM shop.ledger');
# available() finds what there is now, which only falls.
my $sum = "SELECT stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = id), 0) FROM shop.item WHERE id = 'lamp'";
for my $n (1 .. 5)
{
	my ($before, $available, $after, $findings) = split /\n/,
		answer($reader, "$sum; SELECT vend.available('lamp'); $sum; SELECT count(*) FROM vend.audit()");
	ok($before >= $available && $available >= $after, "standby: available() is right while the primary sells, $n")
		or diag("$before, $available, $after");
	is($findings, '0', "standby: the audit is empty, $n");
}
for my $call ("SELECT vend.try_purchase('lamp', 'alpha')", "SELECT vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 1'))",
	"SELECT vend.restock('lamp', 1)", 'SELECT vend.settle()', "SELECT vend.set_lock_mode('lamp', 'atomic')",
	"SELECT vend.set_lock_mode('lamp', 'escrow')")
{
	is(answer($reader, $call), '25006', "standby: the call is refused: $call");
}
is(answer($reader, 'SELECT count(*) FROM vend.stat_item'), '0', 'standby: there are still no counters');

# The primary dies under load, the standby takes over.
my $primary_seller = open_session($primary, 'postgres');
is(answer($primary_seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'beta', 5, vend.id_from('unfinished'))"), 'purchased',
	'a sale is under way');
wait_until($standby, 'postgres', "count(*) > 50 FROM shop.ledger WHERE item = 'lamp' AND kind = 'purchase'");
$primary->stop('immediate');
unlike(end_load($load), qr/ERROR:/, 'the load met no error before');
$standby->promote;
my $sold = $standby->safe_psql('postgres', "SELECT -sum(qty) FROM shop.ledger WHERE item = 'lamp' AND kind = 'purchase'");
cmp_ok($sold, '>', 50, 'promoted: the sales of the primary are there');
is(answer($reader, "SELECT vend.available('lamp'), vend.available('vase')"), (1000000 - $sold) . '|97', 'promoted: what is available is right');
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'promoted: the audit is empty');
is(answer($reader, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 1'))"), 'replayed',
	'promoted: the session of the standby replays a sale');
is(answer($reader, "SELECT status FROM vend.try_purchase('lamp', 'beta', 5, vend.id_from('unfinished'))"), 'purchased',
	'promoted: a sale that had not committed is made');
$load = start_load($standby, 'postgres', $directory);
wait_until($standby, 'postgres', "-sum(qty) > $sold + 100 FROM shop.ledger WHERE item = 'lamp' AND kind = 'purchase'");
unlike(end_load($load), qr/ERROR:/, 'promoted: many sell without an error');
wait_until($standby, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
is($standby->safe_psql('postgres', "SELECT i.stock + s.sold FROM shop.item i,
	(SELECT -sum(qty) AS sold FROM shop.ledger WHERE item = 'lamp' AND kind = 'purchase') AS s WHERE id = 'lamp'"), '1000000',
	'promoted: all sales are settled');
books_are_right($standby, 'postgres', 'promoted');
eval { $_->quit } for $reader, $primary_seller, $locker;
$primary->clean_node;

# The promoted server publishes. The subscriber has a store of its own and, preloaded, counters.
my $publisher = $standby;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
preload($subscriber, 'max_logical_replication_workers = 6');
$subscriber->start;
$subscriber->safe_psql('postgres', $make_store);
$publisher->safe_psql('postgres', 'CREATE PUBLICATION shop FOR TABLE shop.item, shop.wallet, shop.ledger, shop.stock_delta, shop.key_era');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION shop CONNECTION '@{[ $publisher->connstr ]} dbname=postgres' PUBLICATION shop");
$subscriber->wait_for_subscription_sync($publisher, 'shop');

sub same_rows
{
	my ($name) = @_;
	for my $relation (qw(shop.item shop.wallet shop.ledger shop.stock_delta))
	{
		my $rows = "SELECT count(*), md5(string_agg(r::text, ';' ORDER BY r::text)) FROM $relation r";
		is($subscriber->safe_psql('postgres', $rows), $publisher->safe_psql('postgres', $rows), "$name: the rows of $relation are the same");
	}
	books_are_right($subscriber, 'postgres', "$name, subscriber");
	return;
}

same_rows('copied');
my $seller = open_session($subscriber, 'postgres');
# Loads the counter of the vase, and changes nothing.
my $load_counter = "BEGIN; SELECT status FROM vend.try_purchase('vase', 'beta'); ROLLBACK;
	SELECT available FROM vend.stat_item WHERE item = 'vase'";
is(answer($seller, $load_counter), "purchased\n97", 'subscriber: a counter is loaded');

# The sale arrives as a delta, and then as a row without one.
$locker = lock_row($publisher, 'postgres', 'vase');
is($publisher->safe_psql('postgres', "SELECT status FROM vend.try_purchase('vase', 'beta', 5)"), 'purchased', 'the publisher sells');
$publisher->wait_for_catchup('shop');
is(answer($seller, "SELECT vend.available('vase')"), '92', 'subscriber: available() counts the delta');
is(answer($seller, $load_counter), "purchased\n92", 'subscriber: the counter is read again');
answer($locker, 'COMMIT');
wait_until($publisher, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
$publisher->wait_for_catchup('shop');
is(answer($seller, "SELECT vend.available('vase')"), '92', 'subscriber: available() counts the settled row');
is(answer($seller, $load_counter), "purchased\n92", 'subscriber: the counter is read again');
same_rows('settled');
is($publisher->safe_psql('postgres', "SELECT stock FROM vend.restock('vase', 8)"), '100', 'the publisher restocks');
wait_until($publisher, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
$publisher->wait_for_catchup('shop');
is(answer($seller, $load_counter), "purchased\n100", 'subscriber: the counter is read again');

# Units that are pending on the subscriber keep the apply waiting for as long as they are pending.
is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('vase', 'beta', 50)"), 'purchased', 'subscriber: units are pending');
$publisher->safe_psql('postgres', "SELECT vend.purchase('vase', 'alpha', 60)");
wait_until($subscriber, 'postgres', "count(*) > 0 FROM pg_locks WHERE NOT granted");
is(answer($seller, 'ROLLBACK'), '', 'subscriber: the units are given back');
wait_until($publisher, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
$publisher->wait_for_catchup('shop');
is(answer($seller, $load_counter), "purchased\n40", 'subscriber: the sale of the publisher arrives');
same_rows('in the end');

# Without the subscription the subscriber sells.
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION shop');
is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'beta', 40)"), 'purchased', 'subscriber: the rest is sold');
is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'beta')"), 'sold_out', 'subscriber: no more is sold');
wait_until($subscriber, 'postgres', 'count(*) = 0 FROM shop.stock_delta');
books_are_right($subscriber, 'postgres', 'subscriber alone');

eval { $_->quit } for $seller, $locker;
$subscriber->stop;
$publisher->stop;
done_testing();
