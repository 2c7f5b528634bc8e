# Aim: on a streaming standby one reads and audits, what writes is refused as 25006 and the session goes on; once
# promoted, the same session sells, knows every id of the primary, and the audit is empty.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "statement_timeout = '3min'\n");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# No query of the reader is cancelled for what the primary has removed.
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\n");
$standby->start;

sub on_primary
{
	my ($sql) = @_;
	$primary->safe_psql('postgres', $sql);
	$primary->wait_for_catchup($standby);
	return;
}

# All of it arrives by streaming, extension and store too, and one session of the standby lives through it.
my $reader = open_session($standby, 'postgres');
is(answer($reader, "SELECT to_regnamespace('vend')"), 'null', 'the standby starts without the extension');
on_primary(q{
CREATE ROLE clerk;
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 10), ('vase', 700, 5);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 5000), ('beta', 500);
SELECT vend.purchase('lamp', 'alpha', 2, vend.id_from('order 1'));
SELECT vend.purchase('vase', 'alpha', 1, vend.id_from('order 2'), lock_mode => 'optimistic');
SELECT vend.refund(vend.id_from('order 1'), 1, vend.id_from('refund 1'));
SELECT vend.transfer('alpha', 'beta', 70, vend.id_from('transfer 1'));
SELECT * FROM vend.try_purchase('lamp', 'beta', 50, vend.id_from('order 3'), remember => true);
});

for my $relation (qw(shop.item shop.wallet shop.ledger shop.holding vend.store))
{
	my $rows = "SELECT r FROM $relation AS r ORDER BY r::text";
	is(answer($reader, $rows), $primary->safe_psql('postgres', $rows), "the standby reads $relation");
}

# The audit on the standby is one that finds what is wrong.
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the audit runs on the standby');
on_primary("SET session_replication_role = replica; UPDATE shop.item SET stock = stock - 4 WHERE id = 'vase'");
is(answer($reader, 'SELECT finding, key, expected, found FROM vend.audit()'), 'stock|vase|4|0', 'the audit finds there what is wrong');
on_primary("SET session_replication_role = replica; UPDATE shop.item SET stock = stock + 4 WHERE id = 'vase'");
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the audit is empty once the primary has mended the stock');
is(answer($reader, "SELECT vend.id_from('order 1') = (SELECT id FROM shop.ledger WHERE item = 'lamp' AND kind = 'purchase')"),
	't', 'ids are made there');

# Each of these writes: every function that does, also for calls that the primary would only replay, and plain SQL.
my $order = "vend.id_from('order 1')";
my @writes = (
	"SELECT vend.purchase('lamp', 'beta')",
	"SELECT vend.purchase('lamp', 'alpha', 2, $order)",
	"SELECT vend.try_purchase('lamp', 'beta', lock_mode => 'pessimistic')",
	"SELECT vend.try_purchase('lamp', 'beta', lock_mode => 'optimistic', nowait => true)",
	"SELECT vend.try_purchase('lamp', 'alpha', 2, $order)",
	"SELECT vend.try_purchase('no such item', 'beta')",
	"SELECT vend.purchase_many('{lamp}', '{beta}')",
	"SELECT vend.transfer_many('{beta}', '{alpha}', '{1}')",
	"SELECT vend.checkout('beta', '{lamp}')",
	"SELECT vend.try_checkout('beta', '{lamp}')",
	"SELECT vend.refund($order)",
	"SELECT vend.try_refund($order)",
	"SELECT vend.deposit('beta', 1)",
	"SELECT vend.withdraw('beta', 1)",
	"SELECT vend.try_withdraw('beta', 1)",
	"SELECT vend.transfer('beta', 'alpha', 1)",
	"SELECT vend.try_transfer('beta', 'alpha', 1)",
	"SELECT vend.restock('lamp', 1)",
	"SELECT vend.write_off('lamp', 1)",
	"SELECT vend.try_write_off('lamp', 1)",
	"SELECT vend.void_id($order)",
	"SELECT vend.set_lock_mode('lamp', 'atomic')",
	"SELECT vend.settle()",
	"SELECT vend.create_store('stall')",
	"SELECT vend.attach_store('stall', 'shop.item')",
	"SELECT vend.reattach_store('shop')",
	"SELECT vend.journal_opening('shop')",
	"SELECT vend.detach_store('shop')",
	"SELECT vend.grant_role('buyer', 'clerk')",
	"SELECT vend.revoke_role('buyer', 'clerk')",
	"SELECT vend.guard_version('shop.item', 'version', '{price}')",
	"SELECT vend.unguard_version('shop.item')",
	q{SELECT vend.update_if('shop.item', 'lamp', 1, '{"price": 1}')},
	"UPDATE shop.item SET stock = stock + 1");
is(answer($reader, $_), '25006', "refused on the standby: $_") for @writes;
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the session goes on');
is(answer($reader, "BEGIN; SAVEPOINT s; SELECT vend.try_purchase('lamp', 'beta')"), '25006', 'a call in a transaction is refused');
is(answer($reader, 'ROLLBACK TO s; SELECT count(*) FROM vend.audit(); COMMIT'), '0', 'the transaction goes on');
my ($status, $out, $error) = $standby->psql('postgres', "SELECT vend.try_purchase('lamp', 'beta')");
like($error, qr/ERROR:  cannot execute vend\.try_purchase\(\) in a read-only transaction/, 'the message says why');
is(join(',', $primary->safe_psql('postgres', q{
	SELECT string_agg(DISTINCT p.proname, ',' ORDER BY p.proname) FROM pg_proc p
	WHERE pronamespace = 'vend'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)})),
	join(',', sort { $a cmp $b } keys %{ { map { $_ => 1 } 'audit', 'available', 'call_support', 'id_from', 'stat_items', 'uuid_v7', map { /vend\.(\w+)\(/ } @writes } }),
	'no function was left out');
is(answer($reader, "SELECT vend.available('lamp') = stock FROM shop.item WHERE id = 'lamp'"), 't', 'what is available can be asked');
is(answer($reader, 'SELECT count(*) FROM vend.stat_item'), '0', 'the standby has no counters');

# What the session has cached follows the primary.
on_primary("SELECT vend.create_store('stall'); INSERT INTO stall.item VALUES ('lamp', 1, 1)");
is(answer($reader, "SELECT count(*) FROM vend.audit('stall')"), '0', 'a new store is known at once');
on_primary("SELECT vend.detach_store('stall'); SET session_replication_role = replica; ALTER TABLE shop.item RENAME COLUMN stock TO pieces");
is(answer($reader, "SELECT count(*) FROM vend.audit('stall')"), '42704', 'a store that is gone is unknown');
is(answer($reader, 'SELECT finding FROM vend.audit()'), 'binding', 'a store that was changed is no longer valid');
on_primary('ALTER TABLE shop.item RENAME COLUMN pieces TO stock');
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the store is valid once it is changed back');

# The primary dies with a sale under way, the standby takes over.
my $unfinished = open_session($primary, 'postgres');
is(answer($unfinished, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('unfinished'))"),
	'purchased', 'a sale is under way');
# Its commit takes the records of the other sale along.
on_primary("SELECT vend.purchase('vase', 'alpha', 1, vend.id_from('order 4'))");
$primary->stop('immediate');
$standby->promote;
is(answer($reader, "SELECT count(*) FROM vend.audit()"), '0', 'promoted: the audit is empty');
is(answer($reader, "SELECT status, qty, amount, balance FROM vend.try_purchase('lamp', 'alpha', 2, $order)"),
	'replayed|2|200|3430', 'a sale of the primary is replayed');
is(answer($reader, "SELECT status FROM vend.try_purchase('vase', 'alpha', 1, vend.id_from('order 4'))"),
	'replayed', 'the last sale is replayed');
is(answer($reader, "SELECT status, amount FROM vend.try_refund($order, 1, vend.id_from('refund 1'))"),
	'replayed|100', 'a refund of the primary is replayed');
is(answer($reader, "SELECT status FROM vend.try_transfer('alpha', 'beta', 70, vend.id_from('transfer 1'))"),
	'replayed', 'a transfer of the primary is replayed');
is(answer($reader, "SELECT status FROM vend.try_purchase('lamp', 'beta', 50, vend.id_from('order 3'))"),
	'sold_out', 'a remembered refusal is remembered');
for my $mode (qw(atomic pessimistic optimistic))
{
	is(answer($reader, "SELECT status FROM vend.try_purchase('lamp', 'beta', lock_mode => '$mode')"),
		'purchased', "it sells on, $mode");
}
is(answer($reader, "SELECT status FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('unfinished'))"),
	'purchased', 'what the primary had not committed is bought now');
my $newcomer = open_session($standby, 'postgres');
is(answer($newcomer, "SELECT status FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('unfinished'))"),
	'replayed', 'a new session then replays it');
is(answer($reader, 'SELECT stock FROM shop.item ORDER BY id'), "5\n3", 'every unit is accounted for');
is(answer($reader, 'SELECT count(*) FROM vend.audit()'), '0', 'the audit is empty in the end');

# The session of the primary has lost its server.
eval { $_->quit } for $reader, $newcomer, $unfinished;
$standby->stop;
done_testing();
