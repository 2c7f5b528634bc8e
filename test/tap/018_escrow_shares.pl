# Aim: owners and databases share the room for counters. However many items an owner has pending, in one store, in many, or in another
# database, the others have counters enough, and the owner is told that the rest is kept for others.
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
preload($node, "vend.escrow_items = 24\nvend.settle_interval = '60s'\n");
$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE mallory LOGIN;
CREATE ROLE alice LOGIN;
CREATE DATABASE market;
CREATE DATABASE victim;
});
$node->safe_psql('market', 'CREATE EXTENSION pg_vend; GRANT CREATE ON DATABASE market TO mallory, alice');
$node->safe_psql('victim', 'CREATE EXTENSION pg_vend');

sub make_store
{
	my ($database, $role, $store) = @_;
	$node->safe_psql($database, "SET SESSION AUTHORIZATION $role; SELECT vend.create_store('$store', wallets => false, prices => false);
		INSERT INTO $store.item (id, stock, lock_mode) SELECT 'x' || g, 100, 'escrow' FROM generate_series(1, 24) AS g");
	return;
}
make_store('market', 'mallory', $_) for qw(m1 m2);
make_store('market', 'alice', 'a');
make_store('victim', 'postgres', 'v');

# Buys a unit of each of $count items, in the open transaction of the session.
sub take
{
	my ($session, $store, $first, $count) = @_;
	my $items = join ',', map { "x$_" } $first .. $first + $count - 1;
	return answer($session, "SELECT string_agg(DISTINCT status, ' ') FROM vend.purchase_many('{$items}'::text[], array_fill('b'::text, ARRAY[$count]), "
		. "unit_prices => array_fill(0::numeric, ARRAY[$count]), store => '$store')");
}
sub refused_with
{
	my ($database, $store, $item, $whose, $name) = @_;
	my (undef, undef, $error) = $node->psql($database, "SELECT vend.purchase('$item', 'b', unit_price => 0, store => '$store')");
	like($error, qr/no counter is free for escrow item.*There is room for 24, of which $whose may not use more.*Raise vend\.escrow_items/s, $name);
	return;
}

my $mallory = open_session($node, 'market');
is(answer($mallory, 'SET SESSION AUTHORIZATION mallory'), '', 'mallory has a session');
is(answer($mallory, 'BEGIN'), '', 'mallory begins a transaction');
is(answer($mallory, 'SAVEPOINT a'), '', 'mallory sets a savepoint');
is(take($mallory, 'm1', 1, 24), '53400', 'one store does not get all counters');
is(answer($mallory, 'ROLLBACK TO a'), '', 'mallory rolls back to the savepoint');
is(take($mallory, 'm1', 1, 18), 'purchased', 'one store gets three quarters of the counters');
refused_with('market', 'm1', 'x19', 'the store', 'the next counter is refused');
is($node->safe_psql('market', "SELECT status FROM vend.try_purchase('x3', 'b', unit_price => 0, store => 'm1')"), 'purchased', 'another session sells an item whose counter is in use');
is(take($mallory, 'm2', 1, 2), 'purchased', "mallory's second store gets a few");
refused_with('market', 'm2', 'x3', 'the stores of its owner', 'the next counter is refused');
is($node->safe_psql('market', "SELECT status FROM vend.try_purchase('x1', 'b', unit_price => 0, store => 'a')"), 'purchased', 'another owner sells in that database');
is($node->safe_psql('victim', "SELECT status FROM vend.try_purchase('x1', 'b', unit_price => 0, store => 'v')"), 'purchased', 'another database sells');

my $alice = open_session($node, 'market');
is(answer($alice, 'BEGIN'), '', 'the other owner begins a transaction');
is(take($alice, 'a', 1, 1), 'purchased', 'the other owner has a unit pending');
refused_with('market', 'a', 'x2', 'the stores of its database', 'the next counter is refused, as the database has its share');
my $one_by_one = q{DO $$ BEGIN FOR g IN 1 .. 24 LOOP PERFORM vend.purchase('x' || g, 'b', unit_price => 0, store => 'v'); COMMIT; END LOOP; END $$};
is($node->safe_psql('victim', "$one_by_one; SELECT sum(qty) FROM v.ledger WHERE kind = 'purchase'"), '-25', 'another database sells all its items, one after the other');
my $victim = open_session($node, 'victim');
is(answer($victim, 'BEGIN'), '', 'the victim begins a transaction');
is(take($victim, 'v', 1, 2), 'purchased', 'the victim has two units pending');

# Counters on which nothing is pending any more are there for all.
is(answer($mallory, 'ROLLBACK'), '', 'mallory rolls back');
is(answer($alice, 'COMMIT'), '', 'alice commits');
is(answer($victim, 'ROLLBACK; BEGIN'), '', 'the victim begins another transaction');
is(take($victim, 'v', 1, 18), 'purchased', 'the victim gets three quarters of the counters');
is(answer($victim, 'COMMIT'), '', 'the victim commits');

# Settling many items in one transaction takes no room from others either. Until then the rows are locked, so that the worker does not
# settle them.
is(answer($victim, 'BEGIN; SELECT count(*) FROM (SELECT FROM v.item FOR UPDATE) AS rows'), '24', 'the victim locks its items');
$node->safe_psql('victim', $one_by_one);
is($node->safe_psql('victim', 'SELECT count(*) FROM vend.stat_item'), '24', 'the victim has all counters, and none in use');
is(answer($victim, "SELECT vend.settle('v') >= 24"), 't', 'the victim settles all its items');
is($node->safe_psql('market', "SELECT status FROM vend.try_purchase('x$_', 'b', unit_price => 0, store => 'a')"), 'purchased', "another database sells x$_ meanwhile")
	for 5 .. 10;
is(answer($victim, 'COMMIT'), '', 'settled');

# Once no counter is in use, what is settled is counted again.
is(answer($victim, "BEGIN; SELECT id FROM v.item WHERE id = 'x1' FOR UPDATE"), 'x1', 'the victim locks an item');
is($node->safe_psql('victim', "SELECT status FROM vend.try_purchase('x1', 'b', unit_price => 0, store => 'v')"), 'purchased', 'another session sells a unit of it');
is(answer($victim, "SELECT vend.settle('v') > 0; COMMIT"), 't', 'the victim settles it');
is($node->safe_psql('victim', "SELECT settled > 0, unsettled FROM vend.stat_item WHERE item = 'x1'"), 't|0', 'the settled delta is counted');
is($node->safe_psql('victim', 'SELECT count(*) FROM vend.audit()'), '0', 'the books are right');
is($node->safe_psql('victim', q{SELECT sum(pending) FROM vend.stat_item}), '0', 'nothing is pending');
$_->quit for $mallory, $alice, $victim;
$node->stop;
done_testing();
