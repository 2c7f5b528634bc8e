# Aim: a crash takes nothing that was acknowledged and leaves nothing half done (G1, G2, G3, G4): a backend killed in
# mid-sale, and the server killed under load, several rounds, with exact accounting and replay of every id.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{CRASH_ROUNDS} || 5;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# A crash is one only if what was acknowledged had reached the disk.
$node->append_conf('postgresql.conf', "fsync = on\nmax_connections = 40\n");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', 'bigint', 'bigint');
INSERT INTO shop.item (id, price, stock) SELECT i, 3, 100000 FROM generate_series(1, 4) i;
INSERT INTO shop.wallet (id, balance) SELECT i, 1000000 FROM generate_series(1, 50) i;
});

# One backend, killed between its purchase and its COMMIT.
my $buyer = $node->background_psql('postgres');
my $pid = $buyer->query_safe('SELECT pg_backend_pid()');
$buyer->query_safe("BEGIN; SELECT status FROM vend.try_purchase(1, 1, id => vend.id_from('unfinished'))");
$node->safe_psql('postgres', "SELECT vend.purchase(2, 2, id => vend.id_from('acknowledged'))");
kill 'KILL', $pid;
eval { $buyer->quit };
$node->stop('immediate', fail_ok => 1);
$node->start;
is($node->safe_psql('postgres', "SELECT count(*) FROM shop.ledger WHERE id = vend.id_from('unfinished')"),
	'0', 'a sale that was not committed is gone');
is($node->safe_psql('postgres', "SELECT status FROM vend.try_purchase(2, 2, id => vend.id_from('acknowledged'))"),
	'replayed', 'a sale that was acknowledged is there');
is($node->safe_psql('postgres', 'SELECT count(*) FROM vend.audit()'), '0', 'and it all adds up');

# The server, killed under load. Each client writes down what it was told once it was told.
for my $round (1 .. $rounds)
{
	my $acknowledged = $node->basedir . "/round$round";
	my @clients;
	for my $client (1 .. 8)
	{
		my $mode = (qw(atomic pessimistic optimistic))[ $client % 3 ];
		# From a file: a pipe would break with the connection.
		my $script = "$acknowledged.$client.sql";
		append_to_file($script, "SELECT id FROM vend.purchase($client % 4 + 1, $client, 1, lock_mode => '$mode');\n" x 20000);
		my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script ], '>', "$acknowledged.$client", '2>', '/dev/null');
		push @clients, $run;
	}
	usleep(300_000 + 137_000 * ($round % 4));
	$node->stop('immediate');
	$_->finish for @clients;
	$node->start;
	my $told = 0;
	my $ids = '';
	for my $client (1 .. 8)
	{
		for my $line (split /\n/, slurp_file("$acknowledged.$client"))
		{
			next unless $line =~ /^[0-9a-f-]{36}$/;
			$told++;
			$ids .= "$line\n";
		}
	}
	append_to_file("$acknowledged.ids", $ids);
	cmp_ok($told, '>', 0, "round $round: clients were told of $told sales");
	$node->safe_psql('postgres', "CREATE TABLE told$round (id uuid)");
	$node->command_ok([ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c', "\\copy told$round from '$acknowledged.ids'" ], "round $round: read what they were told");
	is($node->safe_psql('postgres', "SELECT count(*) FROM told$round WHERE NOT EXISTS (SELECT FROM shop.ledger l WHERE l.id = told$round.id AND kind = 'purchase')"),
		'0', "round $round: nothing that was acknowledged is lost");
	is($node->safe_psql('postgres', q{SELECT (SELECT sum(stock) FROM shop.item) + (SELECT count(*) FROM shop.ledger WHERE kind = 'purchase'),
		(SELECT sum(balance) FROM shop.wallet) + (SELECT 3 * count(*) FROM shop.ledger WHERE kind = 'purchase')}),
		'400000|50000000', "round $round: not one unit or coin is off");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM vend.audit()'), '0', "round $round: the audit is empty");
}

$node->stop;
done_testing();
