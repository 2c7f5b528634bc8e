package Escrow;

# What the tests of escrow have in common: sessions that wait, the settling worker, the books.
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Time::HiRes qw(usleep);

use Answers;

our @EXPORT = qw(preload send_query wait_until comes_true hold_row settler_of stop_settler books_are_right start_load end_load);

# Put into the configuration of each server, with what else it needs.
sub preload
{
	my ($node, $more) = @_;
	$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'pg_vend'
statement_timeout = '30s'
log_statement = none
max_connections = 40
max_worker_processes = 16
@{[ $more // '' ]}
});
	return;
}

# Sends a query and does not wait for its end; the next answer() of the session begins with what it gives.
sub send_query
{
	my ($session, $sql) = @_;
	$session->query_until(qr/^sent$/m, "\\echo sent\n$sql;\n");
	$session->{stdout} =~ s/^sent\n//;
	return;
}

sub wait_until
{
	my ($node, $database, $condition) = @_;
	$node->poll_query_until($database, "SELECT $condition") or die "never: $condition";
	return;
}

# Whether a condition comes true within 8 seconds, or so many, for what the rest of a test does not depend on.
sub comes_true
{
	my ($node, $database, $condition, $seconds) = @_;
	my $until = time() + ($seconds // 8);
	while (time() < $until)
	{
		return 1 if $node->safe_psql($database, "SELECT $condition") eq 't';
		usleep(100_000);
	}
	return 0;
}

# A session that has an item's row locked, so that the settler leaves its deltas alone.
sub hold_row
{
	my ($node, $database, $item) = @_;
	my $session = open_session($node, $database);
	answer($session, "BEGIN; SELECT FROM shop.item WHERE id = '$item' FOR UPDATE");
	return $session;
}

# The process id of the settler of a database, once it is there; with a condition, once that holds.
sub settler_of
{
	my ($node, $database, $condition) = @_;
	my $query = "FROM pg_stat_activity WHERE backend_type = 'pg_vend settler' AND datname = '$database' AND "
		. ($condition // 'true');
	wait_until($node, 'postgres', "count(*) = 1 $query");
	return $node->safe_psql('postgres', "SELECT pid $query");
}

# Nobody starts another before the next sale.
sub stop_settler
{
	my ($node, $database) = @_;
	my $settlers = "pg_stat_activity WHERE backend_type = 'pg_vend settler' AND datname = '$database'";
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM $settlers");
	wait_until($node, 'postgres', "count(*) = 0 FROM $settlers");
	return;
}

# Nothing pending, nobody waits, what is available is what row and deltas come to, and the audit finds nothing.
sub books_are_right
{
	my ($node, $database, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database, q{
		SELECT 'in use', store, item, pending, waiting FROM vend.stat_item WHERE pending <> 0 OR waiting <> 0
		UNION ALL SELECT 'audit', finding, key, 0, 0 FROM vend.audit('shop')
		UNION ALL SELECT 'available', 'shop', id, vend.available(id, 'shop'), sum FROM (
			SELECT id, stock + coalesce((SELECT sum(qty) FROM shop.stock_delta WHERE item = id), 0) AS sum FROM shop.item) AS i
		WHERE vend.available(id, 'shop') <> sum}), '', "$name: the books are right");
	return;
}

# Sales by many clients until end_load().
sub start_load
{
	my ($node, $database, $directory) = @_;
	my $script = "$directory/load.sql";
	PostgreSQL::Test::Utils::append_to_file($script, "SELECT status FROM vend.try_purchase('lamp', 'alpha');\n")
		unless -f $script;
	my %load = (output => '');
	$load{run} = IPC::Run::start(
		[ 'pgbench', '-n', '-c', 4, '-j', 1, '-T', 60, '-f', $script, $node->connstr($database) ],
		'<', \undef, '>', \$load{output}, '2>', \$load{output}, IPC::Run::timeout(120));
	return \%load;
}

# Returns what the clients said; they are stopped unless their server has gone.
sub end_load
{
	my ($load) = @_;
	$load->{run}->signal('TERM') if $load->{run}->pumpable;
	$load->{run}->finish;
	return $load->{output};
}

1;
