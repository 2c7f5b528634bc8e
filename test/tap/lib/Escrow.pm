package Escrow;

# What the tests of escrow have in common: sessions that wait, the settling worker, the books.
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;

use Answers;

our @EXPORT = qw(preload wait_until comes_true lock_row settler_of stop_settler books_are_right start_load end_load);

# Writes what the tests of escrow need into the configuration of a server, and more if the test needs more.
sub preload
{
	my ($node, $more) = @_;
	$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'pg_vend'
statement_timeout = '3min'
log_statement = none
max_connections = 40
max_worker_processes = 16
@{[ $more // '' ]}
});
	return;
}

# Dies unless the condition comes true.
sub wait_until
{
	my ($node, $database, $condition) = @_;
	$node->poll_query_until($database, "SELECT $condition") or die "never: $condition";
	return;
}

# Returns whether the condition comes true.
sub comes_true
{
	my ($node, $database, $condition) = @_;
	return await(sub { $node->safe_psql($database, "SELECT $condition") eq 't' });
}

# Returns a session that has locked an item's row, so that the settler leaves the item's deltas alone.
sub lock_row
{
	my ($node, $database, $item) = @_;
	my $session = open_session($node, $database);
	answer($session, "BEGIN; SELECT FROM shop.item WHERE id = '$item' FOR UPDATE");
	return $session;
}

# Returns the process id of the settler of a database once it is there, or once the condition is true of it.
sub settler_of
{
	my ($node, $database, $condition) = @_;
	my $query = "FROM pg_stat_activity WHERE backend_type = 'pg_vend settler' AND datname = '$database' AND "
		. ($condition // 'true');
	wait_until($node, 'postgres', "count(*) = 1 $query");
	return $node->safe_psql('postgres', "SELECT pid $query");
}

# Ends the settler of a database. Nobody starts another before the next sale.
sub stop_settler
{
	my ($node, $database) = @_;
	my $settlers = "pg_stat_activity WHERE backend_type = 'pg_vend settler' AND datname = '$database'";
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM $settlers");
	wait_until($node, 'postgres', "count(*) = 0 FROM $settlers");
	return;
}

# Tests that nothing is pending, that nobody waits, that what is available is the row's stock plus its deltas, and that the audit
# finds nothing.
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

# Starts many clients that buy until end_load().
sub start_load
{
	my ($node, $database, $directory) = @_;
	my $script = "$directory/load.sql";
	PostgreSQL::Test::Utils::append_to_file($script, "SELECT status FROM vend.try_purchase('lamp', 'alpha');\n")
		unless -f $script;
	my %load = (node => $node, output => '');
	$load{run} = IPC::Run::start(
		[ 'pgbench', '-n', '-c', 4, '-j', 1, '-T', 3600, '-f', $script, $node->connstr($database) . ' application_name=load' ],
		'<', \undef, '>', \$load{output}, '2>', \$load{output});
	return \%load;
}

# Stops the clients, and waits until their last sales have ended if the server is there. Returns what the clients said.
sub end_load
{
	my ($load) = @_;
	my $node = $load->{node};
	$load->{run}->signal('TERM') if $load->{run}->pumpable;
	$load->{run}->finish;
	wait_until($node, 'postgres', "count(*) = 0 FROM pg_stat_activity WHERE application_name = 'load'")
		if -f $node->data_dir . '/postmaster.pid';
	return $load->{output};
}

1;
