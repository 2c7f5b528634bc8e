# Aim: a store's tables are plain tables (G8): a dump carries store, registry and rights, and the restored store sells
# on with an empty audit; rows alone need --disable-triggers; DROP EXTENSION needs no CASCADE and leaves every row.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
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
SELECT vend.grant_role('buyer', 'clerk');
});
my $before = $node->safe_psql('source', $books);

# The whole database: plain, custom, and in parallel.
my $dir = $node->basedir;
for my $form (['plain'], ['custom', '-Fc'], ['directory', '-Fd', '-j2'])
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
	is($node->safe_psql($name, $audit), '0', "$name: the audit stays empty");
}

# Rows alone, into a store that is there: with its triggers on they are journalled a second time.
for my $case (['rows_right', '0', '--disable-triggers'], ['rows_twice', '4'])
{
	my ($name, $findings, @options) = @$case;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION pg_vend; SELECT vend.create_store('shop', money_type => 'numeric(12,2)')");
	$node->command_ok([ 'pg_dump', '-a', '-n', 'shop', @options, '-f', "$dir/$name", 'source' ], "dump, $name");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ], "restore, $name");
	is($node->safe_psql($name, $audit), $findings, "$name: findings of the audit");
}

# The extension goes, the store's tables stay.
$node->safe_psql('source', 'DROP EXTENSION pg_vend');
is($node->safe_psql('source', $books), $before, 'without the extension every row is there');
$node->safe_psql('source', "UPDATE shop.item SET stock = 99 WHERE id = 'lamp'");
is($node->safe_psql('source', "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), '0', 'and no trigger of it');

$node->stop;
done_testing();
