# Aim: version guards are plain triggers of plain tables (G8): a dump carries them, a restored table is guarded as before, DROP EXTENSION
# needs no CASCADE; logical replication applies the publisher's versions, and a client that writes to the subscriber must know the
# subscriber's version.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
for my $node ($publisher, $subscriber)
{
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "statement_timeout = '3min'");
	$node->start;
}

$publisher->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
CREATE TABLE product (id int PRIMARY KEY, name text, "Full text" text, stock int, version int NOT NULL DEFAULT 1);
CREATE TABLE page (id int, lang text, body jsonb, revision bigint NOT NULL DEFAULT 1, PRIMARY KEY (id, lang)) PARTITION BY LIST (lang);
CREATE TABLE page_en PARTITION OF page FOR VALUES IN ('en');
CREATE TABLE page_de PARTITION OF page FOR VALUES IN ('de');
INSERT INTO product VALUES (1, 'lamp', 'round', 10, 1), (2, 'vase', 'flat', 10, 1);
INSERT INTO page VALUES (1, 'en', '{"a": 1}'), (1, 'de', '{"a": 1}');
SELECT vend.guard_version('product', 'version', '{name,"Full text"}');
SELECT vend.guard_version('page', 'revision', '{body,lang}', 'next');
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock) VALUES ('lamp', 100, 10);
SELECT vend.guard_version('shop.item', 'version', '{price}');
UPDATE product SET name = 'bowl', version = 1 WHERE id = 2;
});

my $guards = q{SELECT tgrelid::regclass, tgparentid <> 0, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'zz_vend_guard' ORDER BY tgrelid::regclass::text};
my $depends = q{SELECT count(*) FROM pg_depend WHERE classid = 'pg_trigger'::regclass AND deptype = 'x'
	AND objid IN (SELECT oid FROM pg_trigger WHERE tgname = 'zz_vend_guard' AND tgparentid = 0)};
my $before = $publisher->safe_psql('postgres', $guards);
is(scalar(split(/\n/, $before)), 5, 'the tables and partitions are guarded');

# Each write, and its answer if the tables are as they were made.
my @writes = (
	"UPDATE product SET name = 'x' WHERE id = 1" => 'VN011',
	"UPDATE product SET name = 'x', version = 1 WHERE id = 2" => 'VN004',
	"UPDATE product SET name = 'x', version = 1 WHERE id = 1 RETURNING version" => '2',
	q{UPDATE product SET "Full text" = 'x' WHERE id = 1} => 'VN011',
	'UPDATE product SET stock = stock - 1 WHERE id = 1 RETURNING stock, version' => '9|2',
	q{SELECT vend.update_if('product', 1, 2, '{"Full text": "y"}')} => '3',
	q{UPDATE page SET body = '{"a": 2}' WHERE lang = 'de'} => 'VN011',
	q{UPDATE page SET body = '{"a": 2}', revision = 2 WHERE lang = 'de' AND revision = 1 RETURNING revision} => '2',
	q{UPDATE page SET body = '{"a": 3}', revision = 2 WHERE lang = 'de'} => 'VN004',
	"UPDATE shop.item SET price = 120" => 'VN011',
	"UPDATE shop.item SET price = 120, version = 1" => '',
	"SELECT price, version FROM shop.item" => '120|2',
	"UPDATE shop.item SET price = 150, version = 1" => 'VN004');

sub is_guarded
{
	my ($node, $database) = @_;
	my $session = open_session($node, $database);
	for (my $i = 0; $i < @writes; $i += 2)
	{
		is(answer($session, $writes[$i]), $writes[$i + 1], "$database: $writes[$i]");
	}
	$session->quit;
	return;
}

for my $form (['plain'], ['custom', '-Fc'])
{
	my ($name, @options) = @$form;
	my $dump = $publisher->basedir . "/$name";
	$publisher->command_ok([ 'pg_dump', @options, '-f', $dump, 'postgres' ], "dump, $name");
	$publisher->safe_psql('postgres', "CREATE DATABASE $name");
	my @restore = $name eq 'plain' ? ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f') : ('pg_restore', '-e');
	$publisher->command_ok([ @restore, ($name eq 'plain' ? () : ('-d', $name)), $dump, ($name eq 'plain' ? ('-d', $name) : ()) ], "restore, $name");
	is($publisher->safe_psql($name, $guards), $before, "$name: the guards are those that were dumped");
	is($publisher->safe_psql($name, $depends), '3', "$name: and go with the extension");
	is_guarded($publisher, $name);
	$publisher->safe_psql($name, 'DROP EXTENSION pg_vend');
	is($publisher->safe_psql($name, $guards), '', "$name: which takes no CASCADE");
	is($publisher->safe_psql($name, q{UPDATE product SET name = 'free' WHERE id = 1 RETURNING version}), '3', "$name: and leaves the tables");
}

# Rows alone can be restored into guarded tables.
$publisher->safe_psql('postgres', 'CREATE DATABASE rows_alone');
$publisher->safe_psql('rows_alone', q{
CREATE EXTENSION pg_vend;
CREATE TABLE product (id int PRIMARY KEY, name text, "Full text" text, stock int, version int NOT NULL DEFAULT 1);
SELECT vend.guard_version('product', 'version', '{name}', 'next')});
my $rows = $publisher->basedir . '/rows';
$publisher->command_ok([ 'pg_dump', '-a', '-t', 'product', '-f', $rows, 'postgres' ], 'dump, rows alone');
$publisher->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'rows_alone', '-f', $rows ], 'restore, rows alone');
is($publisher->safe_psql('rows_alone', 'SELECT id, version FROM product ORDER BY id'), "1|1\n2|2", 'rows alone: versions as dumped');

# The subscriber has the same tables, guarded in the same way; it takes rows and versions as they come.
my $definitions = $publisher->basedir . '/definitions';
$publisher->command_ok([ 'pg_dump', '-s', '-f', $definitions, 'postgres' ], 'dump of the definitions');
$subscriber->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', $definitions ], 'restore of the definitions');
is($subscriber->safe_psql('postgres', $guards), $before, 'the subscriber is guarded');
$publisher->safe_psql('postgres', 'CREATE PUBLICATION tables FOR TABLE product, page');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION tables CONNECTION '$connection' PUBLICATION tables");
$subscriber->wait_for_subscription_sync($publisher, 'tables');
is_guarded($publisher, 'postgres');
$publisher->wait_for_catchup('tables');
for my $relation (qw(product page))
{
	my $all = "SELECT r FROM $relation r ORDER BY r::text";
	is($subscriber->safe_psql('postgres', $all), $publisher->safe_psql('postgres', $all), "the rows of $relation are the same, with their versions");
}
my $writer = open_session($subscriber, 'postgres');
is(answer($writer, "UPDATE product SET name = 'local' WHERE id = 1"), 'VN011', 'who writes to the subscriber says which version he read');
is(answer($writer, "UPDATE product SET name = 'local', version = 2 WHERE id = 1"), 'VN004', 'and is refused when it is old');
is(answer($writer, "UPDATE product SET name = 'local', version = 3 WHERE id = 1 RETURNING version"), '4', 'and otherwise not');
# The guard does not fire in the apply worker: the publisher's row overwrites the subscriber's.
$publisher->safe_psql('postgres', "UPDATE product SET name = 'published', version = 3 WHERE id = 1");
$publisher->wait_for_catchup('tables');
is($subscriber->safe_psql('postgres', 'SELECT name, version FROM product WHERE id = 1'), 'published|4', 'a conflict of two writers there is not found');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION tables');
is(answer($writer, "UPDATE product SET name = 'on its own', version = 4 WHERE id = 1 RETURNING version"), '5', 'without the subscription it goes on');

done_testing();
