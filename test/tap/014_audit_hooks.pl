# Aim: what a store writes can be seen by extensions that hook into the executor. A plain store's rows are written without a statement,
# which pg_stat_statements and auto_explain do not see; with vend.write_by_statements they do, and whoever is watched cannot turn it off.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_stat_statements, auto_explain'
pg_stat_statements.track = all
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_analyze = off
log_min_messages = log
});
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) SELECT n::text, 1, 100 FROM generate_series(1, 9) n;
INSERT INTO shop.wallet (id, balance) SELECT n::text, 1000 FROM generate_series(1, 9) n;
CREATE ROLE app LOGIN;
SELECT vend.grant_role('cashier', 'app');
SELECT vend.grant_role('operator', 'app')});

# Every way to write: each changes a wallet, an item, or both, and the ledger.
my $calls = q{
SELECT id AS bought FROM vend.try_purchase('1', '1') \gset
SELECT status FROM vend.try_purchase('2', '1', lock_mode => 'pessimistic');
SELECT status FROM vend.try_purchase('3', '1', lock_mode => 'optimistic');
SELECT count(*) FROM vend.purchase_many(ARRAY['1', '2', '3'], ARRAY['1', '2', '3']);
SELECT status FROM vend.try_checkout('4', ARRAY['1', '2']);
SELECT kind FROM vend.refund(:'bought');
SELECT kind FROM vend.deposit('5', 10);
SELECT kind FROM vend.withdraw('5', 10);
SELECT kind FROM vend.transfer('5', '6', 10);
SELECT count(*) FROM vend.transfer_many(ARRAY['6'], ARRAY['5'], ARRAY[10]);
SELECT kind FROM vend.restock('5', 1);
SELECT FROM vend.set_lock_mode('6', 'optimistic');
};

# Makes the calls. Returns how many rows of each table pg_stat_statements has seen written, how many plans of writes auto_explain has
# logged, and what the session was told.
sub seen
{
	my ($as, $before, @options) = @_;
	$node->safe_psql('shop', 'SELECT pg_stat_statements_reset()');
	my $from = -s $node->logfile;
	my ($status, $stdout, $stderr) = $node->psql('shop', "$before\n$calls", extra_params => [ '-U', $as, '-v', 'ON_ERROR_STOP=1' ], @options);
	is($status, 0, 'the calls are carried out') or diag $stderr;
	my $log = substr(slurp_file($node->logfile), $from);
	my $plans = () = $log =~ /^\s*(?:Insert on ledger|Update on (?:item|wallet))\b/mg;
	my $rows = $node->safe_psql('shop', q{
SELECT coalesce(string_agg(what || ' ' || rows, ', ' ORDER BY what), 'nothing') FROM (
    SELECT m[1] || ' ' || m[2] AS what, sum(rows) AS rows
    FROM pg_stat_statements, regexp_match(query, '^\s*(INSERT INTO|UPDATE)\s+(?:ONLY\s+)?shop[.](item|wallet|ledger)') m
    WHERE m IS NOT NULL GROUP BY 1) w});
	return ($rows, $plans, $stderr);
}

my ($rows, $plans) = seen('app', '');
is($rows, 'nothing', 'pg_stat_statements sees nothing of what a plain store writes');
is($plans, 0, 'nor does auto_explain');

$node->safe_psql('postgres', 'ALTER DATABASE shop SET vend.write_by_statements = on');
($rows, $plans) = seen('app', '');
# 3 sales, 3 of a batch, 2 lines, refund, deposit, withdrawal, 2 transfers of 2 lines, restock
my $all = 'INSERT INTO ledger 16, UPDATE item 11, UPDATE wallet 14';
is($rows, $all, 'with the setting it sees each row that is written');
cmp_ok($plans, '>=', 30, 'and so does auto_explain');
is($node->safe_psql('shop', 'SELECT count(*) FROM vend.audit()'), 0, 'and all adds up');

# The module is loaded by the first call: what was set before is judged then.
my $stderr;
($rows, undef, $stderr) = seen('app', 'SET vend.write_by_statements = off;');
is($rows, $all, 'a user cannot turn it off before the module is loaded');
like($stderr, qr/permission denied to set parameter "vend.write_by_statements"/, 'and is told so');
my ($status) = $node->psql('shop', q{SELECT vend.available('1'); SET vend.write_by_statements = off;},
	extra_params => [ '-U', 'app', '-v', 'ON_ERROR_STOP=1' ]);
is($status, 3, 'nor afterwards');
($status) = $node->psql('shop', q{ALTER ROLE app SET vend.write_by_statements = off;},
	extra_params => [ '-U', 'app', '-v', 'ON_ERROR_STOP=1' ]);
is($status, 3, 'nor for the sessions to come');
$node->safe_psql('shop', q{SELECT vend.available('1'); GRANT SET ON PARAMETER vend.write_by_statements TO app});
($rows) = seen('app', "SELECT vend.available('1'); SET vend.write_by_statements = off;");
is($rows, 'nothing', 'whoever was given the right can');
$node->stop;
done_testing();
