# Aim: ALTER EXTENSION pg_vend UPDATE leads to exactly what CREATE EXTENSION makes, from each version there is, and a
# store that was made before sells on, in the same session too. Versions made up here prove that what an upgrade script
# forgets would be seen.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Catalog;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "statement_timeout = '3min'\n");
$node->start;

my $scripts = $node->config_data('--sharedir') . '/extension';
my $default = $node->safe_psql('postgres', "SELECT default_version FROM pg_available_extensions WHERE name = 'pg_vend'");
my $next = "$default.next";
my $next_base = "$scripts/pg_vend--$next.sql";
my $next_upgrade = "$scripts/pg_vend--$default--$next.sql";

# The made-up version goes, however the test ends.
END { unlink grep { defined } $next_base, $next_upgrade; }
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
unlink $next_base, $next_upgrade;

sub installed
{
	my ($database, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION pg_vend VERSION '$version'");
	return catalog_of($node, $database, 'pg_vend');
}

# Makes a store of the earlier version, and returns a session that has the store cached and a sale under way.
sub make_store
{
	my ($database) = @_;
	$node->safe_psql($database, q{
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 1, 20);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100);
});
	my $seller = open_session($node, $database);
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 2, vend.id_from('order 1'))"),
		'purchased', "$database: it sells");
	is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 2'))"),
		'purchased', "$database: and begins a sale");
	return $seller;
}

sub sells_on
{
	my ($database, $seller) = @_;
	is(answer($seller, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 3')); COMMIT"),
		'purchased', "$database: the transaction that was open sells on");
	my $newcomer = open_session($node, $database);
	for my $case (['the session of before', $seller], ['a new session', $newcomer])
	{
		my ($name, $session) = @$case;
		is(answer($session, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 1, vend.id_from('order 2'))"),
			'replayed', "$database: $name replays");
		is(answer($session, "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'purchased', "$database: $name sells");
		is(answer($session, 'SELECT count(*) FROM vend.audit()'), '0', "$database: $name finds an empty audit");
	}
	is(answer($newcomer, "SELECT vend.create_store('stall')"), '', "$database: another store can be made");
	is(answer($seller, "SELECT stock FROM vend.restock(1, 5, store => 'stall')"), 'VN006', "$database: and is known");
	$_->quit for $seller, $newcomer;
	return;
}

# The lines show that the catalog of a fresh install is read.
my @fresh = installed('fresh', $default);
for my $line (qr/^function vend\.purchase\(.*: .*vend_purchase/, qr/^function vend\.audit\(.*\): comment \w+/,
	qr/^table vend\.store: kind rp, .*privileges .*=r\//, qr/^table vend\.store column 1 name: text not null t/,
	qr/^table vend\.store constraint store_pkey: PRIMARY KEY/, qr/^table vend\.store trigger: .*registry_changed.* enabled A/,
	qr/^type vend\.receipt column 9 replayed: boolean/, qr/^schema vend: owner .*=U\//, qr/^rows of vend\.store are dumped/)
{
	ok((grep { $_ =~ $line } @fresh), "the catalog has a line like $line");
}

# Every version that was released can still be installed, and leads to this one.
my @bases = map { m{/pg_vend--((?:(?!--).)+)\.sql$} } glob("$scripts/pg_vend--*.sql");
my @released = slurp_file("$FindBin::Bin/../../CHANGELOG.md") =~ /^## \[(\d\S*)\] - \d/mg;
for my $version (@released)
{
	ok((grep { $_ eq $version } @bases), "version $version can be installed");
}
for my $version (sort grep { $_ ne $default } @bases)
{
	my $database = 'from_' . $version =~ s/\W/_/gr;
	installed($database, $version);
	my $seller = make_store($database);
	$node->safe_psql($database, 'ALTER EXTENSION pg_vend UPDATE');
	is(differences(\@fresh, [ catalog_of($node, $database, 'pg_vend') ]), '', "$version updated is $default");
	sells_on($database, $seller);
}
is($node->safe_psql('postgres', q{SELECT source FROM pg_extension_update_paths('pg_vend')
	WHERE path IS NULL AND target = (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_vend')}),
	'', "every version leads to $default");

# Each of these may be in a next version; the pattern is what the comparison shows if the upgrade script forgets it.
my @news = (
	[ "CREATE FUNCTION vend.next_id() RETURNS uuid LANGUAGE c PARALLEL SAFE AS 'MODULE_PATHNAME', 'vend_uuid_v7'" => undef ],
	[ "COMMENT ON FUNCTION vend.next_id() IS 'The next id'" => qr/next_id\(\): comment/ ],
	[ 'REVOKE ALL ON FUNCTION vend.next_id() FROM PUBLIC' => qr/next_id\(\): .*privileges/ ],
	[ 'ALTER FUNCTION vend.next_id() PARALLEL UNSAFE' => qr/next_id\(\): owner/ ],
	[ 'ALTER TABLE vend.store ADD COLUMN note text' => qr/column \d+ note/ ],
	[ "COMMENT ON TABLE vend.store IS 'The registry'" => qr/vend\.store: comment/ ],
	[ 'GRANT REFERENCES ON vend.store TO PUBLIC' => qr/vend\.store: .*privileges/ ],
	[ "ALTER TABLE vend.store ADD CONSTRAINT creator_check CHECK (creator <> '')" => qr/constraint creator_check/ ],
	[ "COMMENT ON COLUMN vend.store.creator IS 'Who made it'" => qr/column \d+ creator/ ],
	[ 'CREATE INDEX store_creator ON vend.store (creator)' => qr/index: .*store_creator/ ],
	[ 'ALTER TABLE vend.store ENABLE TRIGGER registry_changed' => qr/trigger: .*registry_changed/ ],
	[ 'CREATE TABLE vend.place (id bigint PRIMARY KEY)' => undef ],
	[ "SELECT pg_catalog.pg_extension_config_dump('vend.place', 'WHERE id > 0')" => qr/rows of vend\.place/ ],
	[ "CREATE TYPE vend.color AS ENUM ('red')" => qr/type vend\.color/ ],
	[ "CREATE FUNCTION vend.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'" => undef ],
	[ 'CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION vend.watch()' => qr/event trigger watch/ ]);

sub write_script
{
	my ($file, @statements) = @_;
	unlink $file;
	append_to_file($file, join('', map { "$_;\n" } @statements));
	return;
}

SKIP:
{
	skip "no version can be made up in $scripts, which is not writable here", 1 unless -w $scripts;
	my @statements = map { $_->[0] } @news;
	write_script($next_base, slurp_file("$scripts/pg_vend--$default.sql"), @statements);
	write_script($next_upgrade, @statements);
	my @next = installed('next', $next);
	isnt(differences(\@fresh, \@next), '', 'the next version is another one');

	installed('updated', $default);
	my $seller = make_store('updated');
	$node->safe_psql('updated', "ALTER EXTENSION pg_vend UPDATE TO '$next'");
	is(differences(\@next, [ catalog_of($node, 'updated', 'pg_vend') ]), '', 'updated, it is what is installed');
	sells_on('updated', $seller);

	# The upgrade script forgets one statement at a time.
	$node->safe_psql('postgres', 'CREATE DATABASE forgetful');
	for my $forgotten (grep { defined $_->[1] } @news)
	{
		my ($statement, $trace) = @$forgotten;
		write_script($next_upgrade, grep { $_ ne $statement } @statements);
		$node->safe_psql('forgetful', "CREATE EXTENSION pg_vend VERSION '$default'; ALTER EXTENSION pg_vend UPDATE TO '$next'");
		like(differences(\@next, [ catalog_of($node, 'forgetful', 'pg_vend') ]), qr/\A(?:[-+] .*$trace.*\n?)+\z/,
			"a difference, and no other, when it forgets: $statement");
		$node->safe_psql('forgetful', 'DROP EXTENSION pg_vend');
	}
	write_script($next_upgrade, @statements, 'CREATE FUNCTION vend.left_over() RETURNS int LANGUAGE sql RETURN 1');
	$node->safe_psql('forgetful', "CREATE EXTENSION pg_vend VERSION '$default'; ALTER EXTENSION pg_vend UPDATE TO '$next'");
	like(differences(\@next, [ catalog_of($node, 'forgetful', 'pg_vend') ]), qr/\A(?:\+ function vend\.left_over.*\n?)+\z/,
		'and when it makes more');
}

$node->stop;
done_testing();
