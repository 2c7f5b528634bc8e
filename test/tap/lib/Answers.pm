package Answers;

# Sessions whose errors are answers: a query gives its rows, or the SQLSTATE of the error that refused it.
#
# No test may depend on the speed of the machine. So what a test waits for is polled, or forced, and each limit of time
# is one that ends a test which would never end: PG_TEST_TIMEOUT_DEFAULT, 180 s unless the environment names another.
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(open_session answer send_query await);

# The limit of time is for each query: the session may live longer.
sub open_session
{
	my ($node, $database) = @_;
	my $session = $node->background_psql($database, on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=sqlstate', '-P', 'null=null' ]);
	$session->set_query_timer_restart;
	$session->{timeout}->reset;
	return $session;
}

# Notices and warnings are no errors.
sub answer
{
	my ($session, $sql) = @_;
	my $rows = $session->query($sql);
	$session->{timeout}->reset;
	my ($sqlstate) = $session->{stderr} =~ /ERROR:  (\w{5})/;
	$session->{stderr} = '';
	return $sqlstate // $rows;
}

# Sends a query and does not wait for its end; the next answer() of the session begins with the rows of this query.
sub send_query
{
	my ($session, $sql) = @_;
	$session->query_until(qr/^sent$/m, "\\echo sent\n$sql;\n");
	$session->{stdout} =~ s/^sent\n//;
	$session->{timeout}->reset;
	return;
}

# Calls a function again and again until it returns something true, and returns that; or 0 once the limit of time is over.
sub await
{
	my ($function) = @_;
	my $end = time() + $PostgreSQL::Test::Utils::timeout_default;
	while (1)
	{
		my $found = $function->();
		return $found if $found;
		return 0 if time() > $end;
		usleep(50_000);
	}
}

1;
