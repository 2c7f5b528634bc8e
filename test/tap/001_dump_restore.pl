# Aim: a store's tables are plain tables (G8): a dump carries store, registry and rights, and the restored store sells
# on with an empty audit; rows alone need --disable-triggers; a dump that leaves a schema out harms no other store;
# DROP EXTENSION needs no CASCADE and leaves every row.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_vend'"); # for an item in escrow
$node->start;

my $audit = "SELECT count(*) FROM vend.audit('shop')";
my $books = "SELECT (SELECT sum(stock) FROM shop.item), (SELECT sum(balance) FROM shop.wallet), (SELECT count(*) FROM shop.ledger)";

$node->safe_psql('postgres', q{
CREATE ROLE clerk;
CREATE DATABASE source;
});
$node->safe_psql('source', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', money_type => 'numeric(12,2)');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1.50, 10), ('vase', 2, 10);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100), ('beta', 100);
SELECT vend.purchase('lamp', 'alpha', 2, vend.id_from('order 1'));
SELECT vend.refund(vend.id_from('order 1'), 1);
SELECT vend.transfer('alpha', 'beta', 7);
SELECT vend.purchase('lamp', 'beta', 1, vend.id_from('order 2'));
UPDATE shop.wallet SET id = 'gamma' WHERE id = 'beta';
INSERT INTO shop.wallet (id, balance) VALUES ('beta', 100);
SELECT vend.purchase('lamp', 'beta', 1, vend.id_from('order 3'));
SELECT vend.grant_role('buyer', 'clerk');
});
my $before = $node->safe_psql('source', $books);

# The whole database: plain, custom, and in parallel.
my $dir = $node->basedir;
for my $form (['plain'], ['custom', '-Fc', '--quote-all-identifiers'], ['directory', '-Fd', '-j2'])
{
	my ($name, @options) = @$form;
	$node->command_ok([ 'pg_dump', @options, '-f', "$dir/$name", 'source' ], "dump, $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	if ($name eq 'plain')
	{
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "restore, $name");
	}
	else
	{
		$node->command_ok([ 'pg_restore', '-e', '-j2', '-d', $name, "$dir/$name" ], "restore, $name");
	}
	is($node->safe_psql($name, $books), $before, "$name: every row is there");
	is($node->safe_psql($name, $audit), '0', "$name: the audit is empty");
	is($node->safe_psql($name, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('order 1'))"),
		'replayed', "$name: the ids are known");
	is($node->safe_psql($name, "SET ROLE clerk; SELECT status FROM vend.try_purchase('vase', 'beta')"),
		'purchased', "$name: it sells on, to whom it had given the right");
	is($node->safe_psql($name, q{SELECT wallet FROM vend.refund(vend.id_from('order 2')); SELECT wallet FROM vend.refund(vend.id_from('order 3'))}),
		"gamma\nbeta", "$name: each purchase goes back to whom it came from");
	is($node->safe_psql($name, $audit), '0', "$name: the audit stays empty");
	like(($node->psql($name, "SET quote_all_identifiers = on; SELECT vend.attach_store('other', 'shop.item')"))[2],
		qr/belongs to store "shop"/, "$name: the tables are the store's");
}

# Rows alone, into a store that is there: with its triggers on they are journalled a second time.
for my $case (['rows_right', '0', '--disable-triggers'], ['rows_twice', '5'])
{
	my ($name, $findings, @options) = @$case;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION pg_vend; SELECT vend.create_store('shop', money_type => 'numeric(12,2)')");
	$node->command_ok([ 'pg_dump', '-a', '-n', 'shop', @options, '-f', "$dir/$name", 'source' ], "dump, $name");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "restore, $name");
	is($node->safe_psql($name, $audit), $findings, "$name: findings of the audit") or diag($node->safe_psql($name, "SELECT * FROM vend.audit()"));
}

# Tables that were attached: at once, and their definitions and rows apart.
$node->safe_psql('postgres', 'CREATE DATABASE attached');
$node->safe_psql('attached', q{
CREATE EXTENSION pg_vend;
CREATE SCHEMA zoo;
CREATE TABLE goods (sku varchar(10) PRIMARY KEY, cents integer NOT NULL, qty integer NOT NULL, mode text);
CREATE TABLE zoo.people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, credits integer NOT NULL);
INSERT INTO goods VALUES ('lamp', 10, 20, NULL), ('vase', 3, 20, 'escrow');
INSERT INTO zoo.people (credits) VALUES (1000);
SELECT vend.attach_store('market', 'goods', stock => 'qty', price => 'cents', wallets => 'zoo.people', balance => 'credits', lock_mode => 'mode');
SELECT vend.purchase(i, 1, 2, vend.id_from(i)) FROM unnest('{lamp,vase}'::text[]) i;
});
my $left = "SELECT string_agg(sku || vend.available(sku), ' ' ORDER BY sku), sum((SELECT count(*) FROM vend.audit())) FROM goods";
for my $case (['attached_whole', ['']], ['attached_apart', ['-s', '-a --disable-triggers']])
{
	my ($name, $parts) = @$case;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	for my $options (@$parts)
	{
		$node->command_ok([ 'pg_dump', split(' ', $options), '-f', "$dir/$name", 'attached' ], "$name: dump $options");
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "$name: restore $options");
	}
	is($node->safe_psql($name, $left), 'lamp18 vase18|0', "$name: stock is left, the audit is empty");
	# What pg_dump disables it enables again, but not to fire always; so the triggers are made again.
	$node->safe_psql($name, "SELECT vend.reattach_store('market')") if @$parts > 1;
	is($node->safe_psql($name, "SELECT status FROM unnest('{lamp,vase}'::text[]) i, vend.try_purchase(i, 1, 2, vend.id_from(i)) UNION ALL SELECT status FROM vend.try_purchase('vase', 1)"),
		"replayed\nreplayed\npurchased", "$name: the ids are known, it sells on");
	is($node->safe_psql($name, $left), 'lamp18 vase17|0', "$name: the audit stays empty");
}

# A store of wallets alone.
$node->safe_psql('postgres', 'CREATE DATABASE bank');
$node->safe_psql('bank', q{
CREATE EXTENSION pg_vend;
CREATE TABLE account (id integer PRIMARY KEY, balance numeric(12,2) NOT NULL);
INSERT INTO account VALUES (1, 100), (2, 0);
SELECT vend.attach_store('bank', wallets => 'account', balance => 'balance');
SELECT vend.transfer(1, 2, 30, vend.id_from('rent'));
});
$node->command_ok([ 'pg_dump', '-f', "$dir/bank", 'bank' ], 'dump, wallets alone');
$node->safe_psql('postgres', 'CREATE DATABASE bank_again');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'bank_again', '-f', "$dir/bank" ], 'restore, wallets alone');
is($node->safe_psql('bank_again', q{SELECT status, balance FROM vend.try_transfer(1, 2, 30, vend.id_from('rent'));
	SELECT status, balance FROM vend.try_transfer(2, 1, 5);
	SELECT count(*) FROM vend.audit()}), "replayed|70.00\nrecorded|25.00\n0", 'wallets alone: the ids are known, money moves on');

# A dump without another schema has the store whole; one without the store's own has only its row in the registry.
$node->safe_psql('source', q{
CREATE SCHEMA other;
CREATE TABLE other.note AS SELECT 1 AS n;
SELECT vend.create_store('stall');
INSERT INTO stall.item (id, price, stock) VALUES ('book', 1, 5);
INSERT INTO stall.wallet (id, balance) VALUES ('alpha', 100);
});
for my $schema (qw(other shop))
{
	$node->command_ok([ 'pg_dump', "--exclude-schema=$schema", '-f', "$dir/without_$schema", 'source' ],
		"dump, without $schema");
	$node->safe_psql('postgres', "CREATE DATABASE without_$schema");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', "without_$schema", '-f', "$dir/without_$schema" ],
		"restore, without $schema");
	is($node->safe_psql("without_$schema", "SELECT to_regnamespace('$schema') IS NULL, count(*) FROM vend.store"), 't|2',
		"without $schema: it is not there, both rows of the registry are");
	is($node->safe_psql("without_$schema", q{SELECT status FROM vend.try_purchase('book', 'alpha', store => 'stall');
		SELECT count(*) FROM vend.audit('stall')}), "purchased\n0", "without $schema: the other store sells on");
}
is($node->safe_psql('without_other', $books), $before, 'without other: every row of the store is there');
is($node->safe_psql('without_other', q{SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('order 1'), store => 'shop');
	SELECT status FROM vend.try_purchase('vase', 'beta', store => 'shop');
	SELECT count(*) FROM vend.audit('shop')}), "replayed\npurchased\n0", 'without other: it sells on');

my $session = open_session($node, 'without_shop');
for my $call ("vend.try_purchase('lamp', 'alpha', store => 'shop')", "vend.deposit('alpha', 1, store => 'shop')")
{
	is(answer($session, "SELECT * FROM $call"), '55000', "without shop: refused: $call");
}
is(answer($session, "SELECT finding, key FROM vend.audit('shop')"), 'binding|shop', 'without shop: the audit says so');
my ($status, $out, $error) = $node->psql('without_shop', "SELECT vend.purchase('lamp', 'alpha', store => 'shop')");
like($error, qr/the binding of store "shop" is not valid.*Table shop\.item does not exist.*vend\.detach_store\(\)/s,
	'without shop: the error says what is missing and what to do');
is(answer($session, "SELECT status FROM vend.try_purchase('book', 'alpha')"), 'purchased',
	'without shop: a call that names no store means the one that can be used');
is(answer($session, "SELECT vend.detach_store('shop')"), '', 'without shop: it can be detached');
is(answer($session, "SELECT * FROM vend.audit('shop')"), '42704', 'without shop: it is gone');
is(answer($session, "SELECT vend.create_store('shop', money_type => 'numeric(12,2)')"), '', 'without shop: it can be made again');
$node->command_ok([ 'pg_dump', '-a', '-n', 'shop', '--disable-triggers', '-f', "$dir/shop_rows", 'source' ], 'dump of its rows');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'without_shop', '-f', "$dir/shop_rows" ], 'and restore');
is($node->safe_psql('without_shop', $books), $before, 'without shop: every row is there again');
is(answer($session, "SELECT status FROM vend.try_purchase('vase', 'beta', store => 'shop')"), 'purchased',
	'without shop: it sells again');
is(answer($session, $audit), '0', 'without shop: the audit is empty');
$session->quit;

# The extension goes, the store's tables stay.
$node->safe_psql('source', 'DROP EXTENSION pg_vend');
is($node->safe_psql('source', $books), $before, 'without the extension every row is there');
$node->safe_psql('source', "UPDATE shop.item SET stock = 99 WHERE id = 'lamp'");
is($node->safe_psql('source', "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), '0', 'and no trigger of it');

$node->stop;
done_testing();
