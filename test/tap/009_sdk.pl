# Aim: clients of the SDK that buy without a pause live through the kill of a backend, a crash and a failover to a
# synchronous standby: every call is answered, every answer is true, nothing is sold twice (G1, G3, G4, G6).
# VEND_SDK_LOAD names the driver, vend_sdk_load of test/sdk.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $driver = $ENV{VEND_SDK_LOAD};
plan skip_all => 'VEND_SDK_LOAD does not name the driver' unless $driver;

my $stock = 100_000_000;
my $wallets = 50;
my $threads = 8;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum = off\nmax_connections = 30\n");
$primary->start;
$primary->safe_psql('postgres', qq{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, $stock);
INSERT INTO shop.wallet (id, balance) SELECT g, 10000000 FROM generate_series(0, $wallets - 1) g;
});

sub sold
{
	my ($node) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM shop.ledger WHERE kind = 'purchase'");
}

my $run;
END { $run->kill_kill if $run && $run->pumpable; }

# Starts the driver, which buys. Returns a function that stops it and returns its counts.
sub start_load
{
	my ($conninfo) = @_;
	my $stop = PostgreSQL::Test::Utils::tempdir() . '/stop';
	my ($out, $err) = ('', '');
	$run = IPC::Run::start([ $driver, $conninfo, 'lamp', $wallets, $threads, $stop ], '<', \undef, '>', \$out, '2>', \$err);
	return sub {
		append_to_file($stop, 'now');
		$run->finish;
		undef $run;
		unlink $stop;
		note($out);
		diag($err) if $err ne '';
		return $out =~ /sold (\d+) refused (\d+) in_doubt (\d+) failed (\d+) retried (\d+)/
			? { sold => $1, refused => $2, in_doubt => $3, failed => $4, retried => $5 }
			: {};
	};
}

# Waits until 200 more are sold.
sub goes_on
{
	my ($node, $name) = @_;
	my $now = sold($node);
	ok($node->poll_query_until('postgres', "SELECT count(*) > $now + 200 FROM shop.ledger WHERE kind = 'purchase'"), $name);
	return;
}

# Tests that what the driver was told is what the tables have.
sub expect_exact
{
	my ($node, $before, $counts, $name) = @_;
	is(sold($node) - $before, $counts->{sold}, "$name: sold is what the ledger has");
	is($counts->{$_}, 0, "$name: $_") for qw(refused in_doubt failed);
	cmp_ok($counts->{retried}, '>', 0, "$name: some calls were sent again");
	is($node->safe_psql('postgres', "SELECT $stock - vend.available('lamp')"), sold($node), "$name: stock");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM vend.audit()'), '0', "$name: audit");
	return;
}

my $stop_load = start_load($primary->connstr('postgres') . ' application_name=load');
goes_on($primary, 'the load sells');
for my $round (1 .. 3)
{
	my $pid = await(sub { $primary->safe_psql('postgres', q{
		SELECT pid FROM pg_stat_activity WHERE application_name = 'load' AND backend_type = 'client backend' LIMIT 1}) })
		or die 'the load has no session';
	my $offset = -s $primary->logfile;
	kill 'KILL', $pid;
	$primary->wait_for_log(qr/database system is ready to accept connections/, $offset);
	goes_on($primary, "a backend was killed, round $round");
}
$primary->stop('immediate');
$primary->start;
goes_on($primary, 'the server crashed');
$primary->restart;
goes_on($primary, 'the server was restarted');
$primary->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'load'});
goes_on($primary, 'all sessions were ended');
expect_exact($primary, 0, $stop_load->(), 'crashes');

# Failover. Without a synchronous standby a sale that was answered could be lost; with one it cannot.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''\n");
$standby->start;
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = '*'});
$primary->reload;
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"),
	'the standby is synchronous');
my $before = sold($primary);
my $hosts = 'dbname=postgres target_session_attrs=read-write host=' . $primary->host . ',' . $standby->host . ' port='
	. $primary->port . ',' . $standby->port;
$stop_load = start_load($hosts);
goes_on($primary, 'the load sells with a standby');
$primary->stop('immediate');
$standby->promote;
goes_on($standby, 'the standby has taken over');
expect_exact($standby, $before, $stop_load->(), 'failover');

done_testing();
