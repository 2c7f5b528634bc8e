package Answers;

# Sessions whose errors are answers: a query gives its rows, or the SQLSTATE it was refused with.
use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(open_session answer);

sub open_session
{
	my ($node, $database) = @_;
	return $node->background_psql($database, on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=sqlstate', '-P', 'null=null' ]);
}

# Notices and warnings are no errors.
sub answer
{
	my ($session, $sql) = @_;
	my $rows = $session->query($sql);
	my ($sqlstate) = $session->{stderr} =~ /ERROR:  (\w{5})/;
	$session->{stderr} = '';
	return $sqlstate // $rows;
}

1;
