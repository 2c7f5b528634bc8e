# Aim: what a machine lacks is named before anything is built, whatever part of PostgreSQL it has already. Debian's packages of the
# server and the client bring pg_config and the makefiles for extensions, but no header of the server.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $prerequisites = abs_path("$FindBin::Bin/../../scripts/lib/prerequisites.sh");
my $root = PostgreSQL::Test::Utils::tempdir;

# Returns what is missing if a PostgreSQL 16 has these files below $root.
sub missing_with
{
	my @files = @_;
	system('rm', '-rf', "$root/pg");
	for my $file (@files, 'pg_config')
	{
		my ($directory) = "$root/pg/$file" =~ m{^(.*)/};
		system('mkdir', '-p', $directory);
		append_to_file("$root/pg/$file", '');
	}
	append_to_file("$root/pg/pg_config", "#!/bin/sh\n" . <<"SH");
case \$1 in
    --version) echo 'PostgreSQL 16.3 (Debian 16.3-1)' ;;
    --bindir) echo '$root/pg/bin' ;;
    --pgxs) echo '$root/pg/pgxs.mk' ;;
    --includedir-server) echo '$root/pg/server' ;;
esac
SH
	chmod 0755, "$root/pg/pg_config", grep { -e } "$root/pg/bin/postgres";
	local $ENV{PG_CONFIG} = "$root/pg/pg_config";
	my ($stdout, $stderr) = run_command([ 'bash', '-euo', 'pipefail', '-c', ". $prerequisites; missing_postgres" ]);
	is($stderr, '', 'and it says nothing else');
	return join ' ', split /\n/, $stdout;
}

is(missing_with('bin/postgres', 'pgxs.mk', 'server/postgres.h'), '', 'a whole PostgreSQL lacks nothing');
is(missing_with('bin/postgres', 'pgxs.mk'), 'postgresql-server-dev-16', 'a server and a client lack the headers');
is(missing_with('pgxs.mk', 'server/postgres.h'), 'postgresql-16', 'a client with the headers lacks the server');
is(missing_with('bin/postgres', 'server/postgres.h'), 'postgresql-server-dev-16', 'headers are no use without the makefiles');
is(missing_with('pgxs.mk'), 'postgresql-16 postgresql-server-dev-16', 'a client lacks both');

done_testing();
