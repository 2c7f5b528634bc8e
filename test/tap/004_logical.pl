# Aim: logical replication carries a store like any other tables (G8): publishing stops no sale; the subscriber's rows
# are the publisher's, and nothing is journalled twice; without the subscription the subscriber sells on.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
for my $node ($publisher, $subscriber)
{
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', q{
statement_timeout = '3min'
max_worker_processes = 16
max_logical_replication_workers = 12
});
	$node->start;
}
my $connection = $publisher->connstr . ' dbname=postgres';
my @tables = qw(shop.item shop.wallet shop.ledger shop.key_era);

my $seller = open_session($publisher, 'postgres');
$publisher->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1.50, 1000), ('vase', 7, 100);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 5000);
SELECT vend.purchase('lamp', 'alpha', 2, vend.id_from('order 1'));
});

# Updates of a published table fail unless its rows can be named.
is($publisher->safe_psql('postgres', q{
	SELECT c.oid::regclass, relreplident, pg_get_constraintdef(k.oid)
	FROM pg_class c LEFT JOIN pg_constraint k ON conrelid = c.oid AND contype = 'p'
	WHERE relkind = 'r' AND relnamespace IN ('shop'::regnamespace, 'vend'::regnamespace) ORDER BY c.oid::regclass::text}),
	'shop.item|d|PRIMARY KEY (id)
shop.key_era|f|
shop.ledger|d|PRIMARY KEY (id, line)
shop.stock_delta|f|
shop.wallet|d|PRIMARY KEY (id)
vend.store|d|PRIMARY KEY (name)', 'each table has a primary key or is named by all of its columns');

# What the publisher does: sales in each mode, movements, and plain SQL of all sorts.
my $turn = 0;
sub do_business
{
	my ($name) = @_;
	$turn++;
	my @business = (
		"SELECT status FROM vend.try_purchase('vase', 'beta', 1, vend.id_from('sale $turn'), lock_mode => 'atomic')" => 'purchased',
		"SELECT status FROM vend.try_purchase('vase', 'beta', 1, lock_mode => 'pessimistic')" => 'purchased',
		"SELECT status FROM vend.try_purchase('vase', 'beta', 1, lock_mode => 'optimistic')" => 'purchased',
		"SELECT status FROM vend.try_purchase('vase', 'beta', 1000, vend.id_from('refusal $turn'), remember => true)" => 'sold_out',
		"SELECT status FROM vend.try_refund(vend.id_from('sale $turn'), 1)" => 'recorded',
		"SELECT kind FROM vend.deposit('beta', 10)" => 'deposit',
		"SELECT status FROM vend.try_withdraw('beta', 1)" => 'recorded',
		"SELECT status FROM vend.try_transfer('beta', 'alpha', 2)" => 'recorded',
		"SELECT kind FROM vend.restock('lamp', 3)" => 'restock',
		"UPDATE shop.item SET price = price + 1, stock = stock + 1 WHERE id = 'lamp' RETURNING 1" => '1',
		"INSERT INTO shop.item (id, price, stock) VALUES ('cup', 1, 5), ('pot', 1, 7) RETURNING stock" => "5\n7",
		"UPDATE shop.item SET id = 'cup $turn' WHERE id = 'cup' RETURNING stock" => '5',
		"DELETE FROM shop.item WHERE id = 'pot' RETURNING stock" => '7');
	while (my ($sql, $expected) = splice(@business, 0, 2))
	{
		is(answer($seller, $sql), $expected, "$name: $sql");
	}
	return;
}

# Each subscription has the name of its database.
sub same_rows
{
	my ($name, $database, @relations) = @_;
	$publisher->wait_for_catchup($database);
	for my $relation (@relations)
	{
		my $rows = "SELECT count(*), md5(string_agg(r::text, ';' ORDER BY r::text)) FROM $relation r";
		is($subscriber->safe_psql($database, $rows), $publisher->safe_psql('postgres', $rows),
			"$name: the rows of $relation are the same");
	}
	is($subscriber->safe_psql($database, 'SELECT * FROM vend.audit()'), '', "$name: the audit of the subscriber is empty");
	return;
}

do_business('unpublished');
$publisher->safe_psql('postgres', 'CREATE PUBLICATION everything FOR ALL TABLES');
do_business('published');

# The subscriber makes a store of its own first; the publication names the tables.
$publisher->safe_psql('postgres', "CREATE PUBLICATION shop FOR TABLE @{[ join(', ', @tables) ]}");
my $make_store = "CREATE EXTENSION pg_vend; SELECT vend.create_store('shop', money_type => 'numeric(12,2)')";
$subscriber->safe_psql('postgres', 'CREATE DATABASE own');
$subscriber->safe_psql('own', $make_store);
my $reader = open_session($subscriber, 'own');
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the subscriber has its store');
$subscriber->safe_psql('own', "CREATE SUBSCRIPTION own CONNECTION '$connection' PUBLICATION shop");
$subscriber->wait_for_subscription_sync($publisher, 'own', 'own');
same_rows('after the copy', 'own', @tables);
do_business('subscribed');
same_rows('applied', 'own', @tables);

# Each transaction is applied as a whole, so the audit is empty while one is applied: here the apply worker has written the item and
# waits for the wallet.
my $locker = open_session($subscriber, 'own');
for my $round (1 .. 5)
{
	answer($locker, q{BEGIN; SELECT balance FROM shop.wallet WHERE id = 'alpha' FOR UPDATE});
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('round $round'))"), 'purchased',
		"round $round: the publisher sells");
	$subscriber->poll_query_until('own', q{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE backend_type = 'logical replication worker' AND wait_event_type = 'Lock'})
		or die 'the apply worker does not wait for the wallet';
	is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', "round $round: the audit in the midst of the apply is empty");
	answer($locker, 'COMMIT');
	$publisher->wait_for_catchup('own');
}

# The audits of this loop meet the apply wherever it is.
my $load = open_session($publisher, 'postgres');
send_query($load, q{SET statement_timeout = 0;
DO $$ BEGIN
	FOR n IN 1 .. 400 LOOP
		PERFORM vend.purchase('lamp', 'alpha', 1, vend.id_from('load ' || n));
		COMMIT;
		PERFORM vend.transfer('alpha', 'beta', 1);
		COMMIT;
	END LOOP;
END $$});
my $findings = 0;
ok(await(sub {
	$findings += answer($reader, 'SELECT count(*) FROM vend.audit()');
	return answer($reader, q{SELECT count(*) FROM shop.ledger
		WHERE id IN (SELECT vend.id_from('load ' || n) FROM generate_series(1, 400) n)}) == 400;
}), 'the whole load is applied');
is(answer($load, 'SELECT 1'), '1', 'the load has met no error');
$load->quit;
is($findings, 0, 'the audits during a load are all empty');
same_rows('after the load', 'own', @tables);

is(answer($seller, 'TRUNCATE shop.wallet'), '', 'the publisher empties its wallets');
same_rows('after TRUNCATE', 'own', @tables);
is(answer($reader, 'SELECT sum(amount), count(*) > 0 FROM shop.ledger WHERE wallet IS NOT NULL'), '0.00|t',
	'the journal of the TRUNCATE has arrived');
is(answer($seller, "INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100), ('beta', 100)"), '', 'the publisher fills them again');
same_rows('filled again', 'own', @tables);

# Copies tables, views and triggers to the subscriber, and no row.
sub copy_definitions
{
	my ($database, @options) = @_;
	my $dump = $publisher->basedir . "/definitions_$database.sql";
	unlink $dump;
	$publisher->command_ok([ 'pg_dump', '-s', '--no-publications', @options, '-f', $dump, '-d', $connection ],
		"$database: dump of the definitions");
	$subscriber->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $dump ],
		"$database: restore of the definitions");
	return;
}

# FOR ALL TABLES includes the registry. Definitions come from a dump, the registry's row by replication.
$subscriber->safe_psql('postgres', 'CREATE DATABASE whole');
copy_definitions('whole');
my $early = open_session($subscriber, 'whole');
is(answer($early, "SELECT count(*) FROM vend.audit('shop')"), '42704', 'the subscriber does not know the store yet');
$subscriber->safe_psql('whole', "CREATE SUBSCRIPTION whole CONNECTION '$connection' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 'whole', 'whole');
same_rows('all tables', 'whole', @tables, 'vend.store');
is(answer($early, "SELECT count(*) FROM vend.audit('shop')"), '0', 'a session that was there before knows it');
do_business('all tables');
same_rows('all tables, applied', 'whole', @tables, 'vend.store');

# If the subscriber makes the store as well, two rows of the registry have one name; the subscriber's row has to go.
$subscriber->safe_psql('postgres', 'CREATE DATABASE twice');
$subscriber->safe_psql('twice', $make_store);
my $offset = -s $subscriber->logfile;
$subscriber->safe_psql('twice', "CREATE SUBSCRIPTION twice CONNECTION '$connection' PUBLICATION everything");
$subscriber->wait_for_log(qr/duplicate key value violates unique constraint "store_pkey"/, $offset);
$subscriber->safe_psql('twice', 'DELETE FROM vend.store');
$subscriber->wait_for_subscription_sync($publisher, 'twice', 'twice');
same_rows('made twice', 'twice', @tables, 'vend.store');

# A store that comes later needs its tables there as well, which replication does not make.
is(answer($seller, "SELECT vend.create_store('stall')"), '', 'the publisher makes a second store');
$publisher->wait_for_catchup('whole');
is(answer($early, "SELECT count(*) FROM vend.audit('stall')"), '1', 'without its tables the audit says that the subscriber cannot use it');
is(answer($early, 'SELECT count(*) FROM vend.audit()'), '0', 'a call that names no store still means the first');
$offset = -s $subscriber->logfile;
is(answer($seller, "INSERT INTO stall.item (id, price, stock) VALUES ('book', 1, 5)"), '', 'the publisher fills it');
$subscriber->wait_for_log(qr/logical replication target relation "stall\.\w+" does not exist/, $offset);
for my $database (qw(whole twice))
{
	copy_definitions($database, '-n', 'stall');
	$subscriber->safe_psql($database, "ALTER SUBSCRIPTION $database REFRESH PUBLICATION");
	$subscriber->wait_for_subscription_sync($publisher, $database, $database);
	is($subscriber->safe_psql($database, "SELECT (SELECT stock FROM stall.item), (SELECT count(*) FROM vend.audit('stall'))"), '5|0',
		"$database: with its tables it is replicated as well");
}
is(answer($seller, "SELECT vend.detach_store('stall')"), '', 'the publisher detaches it');
$publisher->wait_for_catchup($_) for qw(whole twice);
is($subscriber->safe_psql('whole', 'SELECT name FROM vend.store'), 'shop', 'the registry of the subscriber has lost it');

# The end of the subscriptions: each subscriber sells on by itself.
for my $case (['own', $reader], ['whole', $early])
{
	my ($name, $session) = @$case;
	same_rows("before the end of $name", $name, @tables);
	$subscriber->safe_psql($name, "DROP SUBSCRIPTION $name");
	is(answer($session, "SELECT status, qty, amount FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('order 1'))"),
		'replayed|2|3.00', "$name: a sale of the publisher is replayed");
	is(answer($session, "SELECT status FROM vend.try_purchase('vase', 'beta', 1000, vend.id_from('refusal 1'))"),
		'sold_out', "$name: so is a refusal");
	for my $mode (qw(atomic pessimistic optimistic))
	{
		is(answer($session, "SELECT status FROM vend.try_purchase('vase', 'beta', lock_mode => '$mode')"),
			'purchased', "$name: it sells on, $mode");
	}
	# The wallets were emptied and filled again while this session had the store in its memory.
	is(answer($session, "SELECT status FROM vend.try_purchase('vase', 'beta', 1, vend.id_from('own sale'));
		SELECT wallet_era FROM shop.ledger WHERE id = vend.id_from('own sale')"), "purchased\n1", "$name: it knows whose key it is");
	is(answer($session, "SELECT status FROM vend.try_refund(vend.id_from('own sale'))"), 'recorded', "$name: a refund goes to the wallet that paid");
	is(answer($session, "SELECT status FROM vend.try_refund(vend.id_from('order 1'))"), 'unknown_buyer', "$name: a refund goes to no later wallet of that key");
	is(answer($session, "UPDATE shop.item SET stock = stock + 1 WHERE id = 'vase'; SELECT count(*) FROM vend.audit()"),
		'0', "$name: it journals, and the audit is empty");
}

# The next sale of the publisher overwrites a sale on the subscriber, and the audit shows it.
my $last = open_session($subscriber, 'twice');
is(answer($last, "SELECT status FROM vend.try_purchase('vase', 'beta')"), 'purchased', 'the subscriber sells');
is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'beta')"), 'purchased', 'the publisher as well');
$publisher->wait_for_catchup('twice');
is(answer($last, 'SELECT finding, key, found - expected > 0 FROM vend.audit()'), "balance|beta|t\nstock|vase|t", 'the audit shows it');

# A store that the publisher detaches is detached from the subscriber's registry, and a session that has it cached knows.
is(answer($seller, "SELECT vend.detach_store('shop')"), '', 'the publisher detaches it');
$publisher->wait_for_catchup('twice');
is(answer($last, "SELECT count(*) FROM vend.audit('shop')"), '42704', 'the subscriber does not know it any more');
$subscriber->safe_psql('twice', 'DROP SUBSCRIPTION twice');

$_->quit for $seller, $reader, $early, $last;
$_->stop for $subscriber, $publisher;
done_testing();
