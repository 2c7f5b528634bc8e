# Aim: no success is told for what the synchronous standby may lack (G11): neither by the SDK, whose limits of time and
# whose stop cancel a COMMIT that waits for the standby, nor after a cancel of somebody else's, nor by a call that
# answers from the ledger; nor, where nothing waits for a standby, for an asynchronous commit that a crash may lose.
# VEND_SDK_TOLD names the driver, vend_sdk_told of test/sdk.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $driver = $ENV{VEND_SDK_TOLD};
plan skip_all => 'VEND_SDK_TOLD does not name the driver' unless $driver;

my @calls = qw(purchase batch cart deposit transfer restock void transaction coalescer pipeline stopped);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
# Nothing but a commit and the WAL writer flushes the log: there are buffers enough, and nobody writes them in the background.
$primary->append_conf('postgresql.conf', q{
autovacuum = off
max_connections = 100
shared_buffers = 32MB
bgwriter_lru_maxpages = 0
checkpoint_timeout = '1h'
});
$primary->start;
$primary->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) SELECT name, 1, 1000 FROM unnest(string_to_array('} . "@calls cancelled" . q{', ' ')) name;
INSERT INTO shop.wallet (id, balance) SELECT name, 1000 FROM unnest(string_to_array('} . "@calls cancelled payee" . q{', ' ')) name;
});

sub id_of { return $primary->safe_psql('postgres', "SELECT vend.id_from('$_[0]')"); }

# Starts the driver. Returns a function that waits for its end and returns what each call was told, by its name.
sub run_driver
{
	my ($node, $attempt_ms, $call_ms, @named) = @_;
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start([ $driver, $node->connstr('postgres'), $attempt_ms, $call_ms, @named ], '<', \undef, '>', \$out,
		'2>', \$err, IPC::Run::timeout(700));
	return sub {
		my ($only_look) = @_;
		if ($only_look)
		{
			$run->pump_nb if $run->pumpable;
			return $run->pumpable;
		}
		$run->finish;
		diag($err) if $err ne '';
		return { map { /^(\w+) (.*)$/ ? ($1 => $2) : () } split /\n/, $out };
	};
}

sub waiting
{
	my ($who) = @_;
	return "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name $who";
}

# An asynchronous commit can be seen before it is on disk. A session with synchronous_commit is told only what stays.
my $writer = $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'");
my $order = "vend.try_purchase('purchase', 'payee', id => vend.id_from('asynchronous'))";
$primary->safe_psql('postgres', 'CHECKPOINT');
kill 'STOP', $writer;
is($primary->safe_psql('postgres', "SET synchronous_commit = off; SELECT status FROM $order"), 'purchased', 'a sale is made without a flush');
is($primary->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()'), 't', 'its commit is not on disk');
my $end = $primary->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
is($primary->safe_psql('postgres', "SELECT status FROM $order"), 'replayed', 'a session that commits with a flush is told of the sale');
is($primary->safe_psql('postgres', "SELECT pg_current_wal_flush_lsn() >= '$end'"), 't', 'the log is flushed by then');
$primary->stop('immediate');
$primary->start;
is($primary->safe_psql('postgres', "SELECT count(*) FROM shop.ledger WHERE id = vend.id_from('asynchronous')"), '1', 'the sale is there after a crash');

# If no standby is asked for, an answer from the ledger writes nothing.
is($primary->safe_psql('postgres', "BEGIN; SELECT status, pg_current_xact_id_if_assigned() IS NULL FROM $order; COMMIT"),
	'replayed|t', 'no standby: an answer from the ledger takes no transaction id');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''\n");
$standby->start;
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'standby'});
$primary->reload;
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"),
	'the standby is synchronous');

# With the standby, everything takes place; what was told is there after a failover. "stopped" has nothing to wait for.
my %success = map { $_ => /^(deposit|transfer|restock)$/ ? 'told recorded' : $_ eq 'void' ? 'told void' : 'told purchased' } @calls;
my @all = grep { $_ ne 'stopped' } @calls;
my $told = run_driver($primary, 120000, 170000, map { "$_:" . id_of("first $_") } @all)->();
is($told->{$_}, $success{$_}, "the standby is there: $_ succeeds") for @all;

$standby->stop;
$told = run_driver($primary, 5000, 15000, map { "$_:" . id_of("second $_") } @calls)->();
like($told->{$_}, qr/^doubt /, "the standby is away: $_ is in doubt") for @calls;
# The pipeline cancels nothing: its sale waits on, and is not to be seen.
is($primary->safe_psql('postgres', "SELECT count(DISTINCT id) FROM shop.ledger WHERE id IN (SELECT vend.id_from('second ' || name) "
	. "FROM unnest(string_to_array('@calls', ' ')) name)"), @calls - 1, "all but the pipeline's sale have committed on the primary");

# A call that is answered from the ledger waits for the standby as the call that wrote there did.
$primary->safe_psql('postgres', q{
SET synchronous_commit = local;
SELECT vend.purchase('purchase', 'purchase', id => vend.id_from('known'));
SELECT vend.checkout('cart', '{cart,batch}', id => vend.id_from('known cart'));
SELECT vend.refund(vend.id_from('known'), id => vend.id_from('known refund'));
SELECT vend.withdraw('deposit', 1, vend.id_from('known withdrawal'));
SELECT status FROM vend.try_purchase('purchase', 'purchase', 5000, vend.id_from('known refusal'), remember => true);
});
my %known = (
	purchase => "SELECT vend.purchase('purchase', 'purchase', id => vend.id_from('known'))",
	try_purchase => "SELECT vend.try_purchase('purchase', 'purchase', id => vend.id_from('known'))",
	purchase_many => "SELECT vend.purchase_many('{purchase}', '{purchase}', ids => ARRAY[vend.id_from('known')])",
	checkout => "SELECT vend.checkout('cart', '{cart,batch}', id => vend.id_from('known cart'))",
	try_checkout => "SELECT vend.try_checkout('cart', '{cart,batch}', id => vend.id_from('known cart'))",
	refund => "SELECT vend.refund(vend.id_from('known'), id => vend.id_from('known refund'))",
	deposit => "SELECT vend.deposit('deposit', 1, vend.id_from('second deposit'))",
	withdraw => "SELECT vend.withdraw('deposit', 1, vend.id_from('known withdrawal'))",
	restock => "SELECT vend.restock('restock', 1, vend.id_from('second restock'))",
	transfer => "SELECT vend.transfer('transfer', 'payee', 1, vend.id_from('second transfer'))",
	transfer_many => "SELECT vend.transfer_many('{transfer}', '{payee}', '{1}', ARRAY[vend.id_from('second transfer')])",
	refusal => "SELECT vend.try_purchase('purchase', 'purchase', 5000, vend.id_from('known refusal'), remember => true)",
	void_id => "SELECT vend.void_id(vend.id_from('second void'))",
	savepoint => "BEGIN; SAVEPOINT s; SELECT vend.try_purchase('purchase', 'purchase', id => vend.id_from('known')); ROLLBACK TO s; COMMIT",
);
my %session = map { $_ => open_session($primary, 'postgres') } keys %known;
for my $name (sort keys %known)
{
	is(answer($session{$name}, "SET application_name = 'asks $name'"), '', "$name gets a session");
	send_query($session{$name}, $known{$name});
	my $is_waiting = "wait_event IS NOT DISTINCT FROM 'SyncRep' FROM pg_stat_activity WHERE application_name = 'asks $name'";
	$primary->poll_query_until('postgres', "SELECT state = 'idle' AND query !~ '^SET application_name' OR $is_waiting")
		or die "$name neither ends nor waits";
	is($primary->safe_psql('postgres', "SELECT $is_waiting"), 't', "$name waits for the standby, though nothing is new");
}
is($primary->safe_psql('postgres', "SET synchronous_commit = local; SELECT status FROM "
	. "vend.try_purchase('purchase', 'purchase', id => vend.id_from('known'))"), 'replayed', 'a session that does not ask for the standby does not wait');

# Somebody cancels the COMMIT: the client hears the warning and asks again.
my $cancelled = run_driver($primary, 500000, 600000, 'cancelled:' . id_of('cancelled'));
ok($primary->poll_query_until('postgres', waiting("= 'cancelled'"), '1'), 'a sale waits for the standby');
my $pid = $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'cancelled'");
$primary->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
await(sub { !$cancelled->('only look') || $primary->safe_psql('postgres', waiting("= 'cancelled' AND pid <> $pid")) });
ok($cancelled->('only look'), 'the client asks again once it is cancelled, and waits');

$standby->start;
$told = $cancelled->();
is($told->{cancelled}, 'told replayed', 'the client is told once the standby is back');
for my $name (sort keys %session)
{
	ok($primary->poll_query_until('postgres', waiting("= 'asks $name'"), '0'), "$name is told once the standby is back");
	$session{$name}->quit;
}
$told = run_driver($primary, 120000, 170000, map { "$_:" . id_of("second $_") } @calls[0 .. 8])->();
is($told->{$_}, $_ eq 'void' ? 'told void' : 'told replayed', "asked again: $_ succeeds") for @calls[0 .. 8];

# After a failover everything is there that was told.
$standby->stop;
$told = run_driver($primary, 5000, 10000, 'purchase:' . id_of('last'))->();
like($told->{purchase}, qr/^doubt /, 'a last sale is in doubt');
$primary->stop('immediate');
$standby->start;
$standby->promote;
is($standby->safe_psql('postgres', "SELECT count(*) FROM shop.ledger WHERE id = vend.id_from('last')"), '0', 'the standby never had that sale');
is($standby->safe_psql('postgres', "SELECT count(DISTINCT id) FROM shop.ledger WHERE id IN (SELECT vend.id_from(n || ' ' || name) "
	. "FROM unnest('{first,second}'::text[]) n, unnest(string_to_array('@calls[0 .. 8]', ' ')) name)"), '18', 'all that was told is there');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM vend.audit()'), '0', 'audit');

done_testing();
