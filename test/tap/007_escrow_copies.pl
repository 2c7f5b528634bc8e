# Aim: escrow when databases are copied, dropped and made again. Counters of two databases with equal keys are apart, and so are those of
# a database and of one that is made again in its place. A copy by TEMPLATE or dump that is made with unsettled deltas sells on with the
# right stock. DROP DATABASE does not wait for the settler. The settler has the rights of the owner and no others, and works whatever
# defaults a database has.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Escrow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
preload($node);
$node->start;
my $dir = $node->basedir;

# Makes a store with two escrow items.
sub make_store
{
	my ($database, $stock) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, qq{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, $stock, 'escrow'), ('vase', 1, $stock, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 100000);
});
	return;
}

sub sell
{
	my ($database, $item, $qty, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database, "SELECT status FROM vend.try_purchase('$item', 'alpha', $qty)"), 'purchased', $name);
	return;
}

sub available { my ($database) = @_; return $node->safe_psql($database, "SELECT vend.available('lamp')"); }
sub row_and_deltas
{
	my ($database) = @_;
	return $node->safe_psql($database, "SELECT stock, (SELECT count(*) FROM shop.stock_delta WHERE item = id) FROM shop.item WHERE id = 'lamp'");
}
sub settled { my ($database) = @_; return wait_until($node, $database, 'count(*) = 0 FROM shop.stock_delta'); }

# Sells lamps, and leaves them unsettled: the database has no settler then, and no session.
sub leave_unsettled
{
	my ($database, $count) = @_;
	stop_settler($node, $database); # so that settler_of() finds no settler but the one that the sales start
	my $locker = lock_row($node, $database, 'lamp');
	sell($database, 'lamp', 1, "$database: lamp $_ is sold") for 1 .. $count;
	settler_of($node, $database);
	stop_settler($node, $database);
	$locker->quit;
	wait_until($node, 'postgres', "count(*) = 0 FROM pg_stat_activity WHERE datname = '$database'");
	return;
}

# DROP DATABASE itself waits for 5 seconds for other sessions to leave.
sub drop_database
{
	my ($database) = @_;
	return await(sub { $node->psql('postgres', "DROP DATABASE $database") == 0 });
}

# Two databases have an item of the same key.
make_store('one', 100);
make_store('two', 200);
my @sellers = map { open_session($node, $_) } qw(one two);
is(answer($sellers[$_], "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'beta', $_ + 5)"), 'purchased', "units are pending in database $_")
	for 0, 1;
is($node->safe_psql('one', 'SELECT item, available, pending FROM vend.stat_item'), 'lamp|95|5', 'one sees its own counter');
is($node->safe_psql('two', 'SELECT item, available, pending FROM vend.stat_item'), 'lamp|194|6', 'two sees its own counter');
is(answer($sellers[0], 'COMMIT') . answer($sellers[1], 'ROLLBACK'), '', 'one commits, the other does not');
is(available('one') . '|' . available('two'), '95|200', 'each has its own units');
settled('one');
is(row_and_deltas('one') . ' ' . row_and_deltas('two'), '95|0 200|0', 'each has its own row');
$_->quit for @sellers;
books_are_right($node, $_, $_) for qw(one two);

# A copy of a database that has counters in memory and deltas in its table.
leave_unsettled('one', 3);
is($node->safe_psql('one', "SELECT available, unsettled FROM vend.stat_item WHERE item = 'lamp'"), '92|3', 'the counter of the lamp is loaded');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE one');
is($node->safe_psql('copy', 'SELECT count(*) FROM vend.stat_item'), '0', 'the copy has no counter');
is(row_and_deltas('copy') . '|' . available('copy'), '95|3|92', 'the copy has row and deltas, and what is available is right');
sell('copy', 'lamp', 10, 'the copy sells');
sell('one', 'lamp', 1, 'the first sells on');
for my $case (['one', 91], ['copy', 82])
{
	my ($database, $left) = @$case;
	settled($database);
	is(row_and_deltas($database), "$left|0", "$database: all is settled");
	books_are_right($node, $database, $database);
}

# The settler leaves a database that is to be dropped.
sell('two', 'lamp', 1, 'a settler starts');
settler_of($node, 'two');
ok(drop_database('two'), 'a database that has a settler can be dropped');
# DROP DATABASE with FORCE ends a load.
my $load = start_load($node, 'copy', $dir);
wait_until($node, 'copy', "count(*) > 50 FROM shop.ledger");
$node->safe_psql('postgres', 'DROP DATABASE copy WITH (FORCE)');
like(end_load($load), qr/terminating connection due to administrator command|database "copy" does not exist/, 'DROP DATABASE (FORCE) ends the sessions that sell');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = 'copy'"), '0', 'nobody is left there');
make_store('copy', 10);
sell('copy', 'lamp', 1, 'a database of that name is made again and sells');
settled('copy');
is(row_and_deltas('copy'), '9|0', 'its sale is settled');

# A database that is dropped and made again from the same template under the same oid: tables, files and triggers are the
# same, and the counters of its former life are not found. Nor is one found after ALTER DATABASE, which is no new life.
make_store('golden', 10);
wait_until($node, 'postgres', "count(*) = 0 FROM pg_stat_activity WHERE datname = 'golden'");
sub live_again { $node->safe_psql('postgres', 'CREATE DATABASE live TEMPLATE golden OID = 654321'); return; }
live_again();
is($node->safe_psql('live', "SELECT stock FROM vend.restock('lamp', 90)"), '100', 'first life: the lamp is restocked');
is(available('live'), '100', 'first life: what is available is right');
settled('live');
$node->safe_psql('postgres', 'DROP DATABASE live WITH (FORCE)');
live_again();
is($node->safe_psql('live', "SELECT count(*) FROM vend.stat_item"), '0', 'second life: no counter is shown');
is(available('live'), '10', 'second life: what is available is right');
is($node->safe_psql('live', "SELECT status FROM vend.try_purchase('lamp', 'alpha', 60)"), 'sold_out', 'second life: no more is sold than there is');
sell('live', 'lamp', 10, 'second life: all of the stock is sold');
$node->safe_psql('postgres', "ALTER DATABASE live SET work_mem = '5MB'; ALTER DATABASE live CONNECTION LIMIT 50");
is(available('live'), '0', 'after ALTER DATABASE: what is available is right');
is($node->safe_psql('live', "SELECT status FROM vend.try_purchase('lamp', 'alpha')"), 'sold_out', 'after ALTER DATABASE: the lamp is sold out');
settled('live');
books_are_right($node, 'live', 'second life');

# A dump has unsettled deltas in it and is restored whole.
leave_unsettled('one', 3);
for my $form (['plain'], ['custom', '-Fc'])
{
	my ($name, @options) = @$form;
	$node->command_ok([ 'pg_dump', @options, '-f', "$dir/$name", 'one' ], "$name: pg_dump succeeds");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok($name eq 'plain' ? [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $name, '-f', "$dir/$name" ]
		: [ 'pg_restore', '-e', '-j2', '-d', $name, "$dir/$name" ], "$name: the restore succeeds");
	is(row_and_deltas($name) . '|' . available($name), '91|3|88', "$name: row and deltas are there, and what is available is right");
	books_are_right($node, $name, "$name, restored");
	sell($name, 'lamp', 8, "$name: a sale is made");
	settled($name);
	is(row_and_deltas($name), '80|0', "$name: the settler settles what the dump brought");
	books_are_right($node, $name, "$name, settled");
}

# Rows alone are restored. --disable-triggers leaves no trigger that fires always: the store says which, and how to mend it.
$node->safe_psql('postgres', 'CREATE DATABASE rows');
$node->safe_psql('rows', "CREATE EXTENSION pg_vend; SELECT vend.create_store('shop')");
$node->command_ok([ 'pg_dump', '-a', '-n', 'shop', '--disable-triggers', '-f', "$dir/rows", 'one' ], 'rows: pg_dump succeeds');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'rows', '-f', "$dir/rows" ], 'rows: the restore succeeds');
is(row_and_deltas('rows') . '|' . available('rows'), '91|3|88', 'rows: row and deltas are there, and what is available is right');
my $session = open_session($node, 'rows');
is(answer($session, "SELECT vend.try_purchase('lamp', 'alpha')"), '55000', 'rows: a sale in escrow is refused');
my (undef, undef, $error) = $node->psql('rows', "SELECT vend.purchase('lamp', 'alpha')");
like($error, qr/not fit for escrow.*does not fire always: ALTER TABLE/s, 'rows: the error has the statements to run');
my ($statements) = $error =~ /(ALTER TABLE.*)$/m;
is(answer($session, $statements // 'no statement'), '', 'rows: the statements run as they are');
is(answer($session, "SELECT status FROM vend.try_purchase('lamp', 'alpha', 8)"), 'purchased', 'rows: then the store sells');
$session->quit;
settled('rows');
is(row_and_deltas('rows'), '80|0', 'rows: the sale is settled');
books_are_right($node, 'rows', 'rows');

# While the settler writes, the owner's triggers may do what the owner may do, and no more.
$node->safe_psql('postgres', q{
CREATE ROLE keeper;
CREATE DATABASE kept OWNER keeper;
});
$node->safe_psql('kept', q{
SET ROLE keeper;
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 100, 'escrow'), ('vase', 1, 100, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 100000);
CREATE TABLE shop.tried (what text, sqlstate text, as_role name);
CREATE TABLE shop.late (n int);
CREATE FUNCTION shop.tries_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO shop.tried VALUES ('deferred', 'fired', current_user);
	EXECUTE 'CREATE ROLE late SUPERUSER';
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON shop.late DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION shop.tries_late();
CREATE FUNCTION shop.as_session_user() RETURNS text LANGUAGE sql AS 'SELECT rolpassword FROM pg_catalog.pg_authid LIMIT 1';
CREATE FUNCTION shop.tries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	what text;
BEGIN
	FOREACH what IN ARRAY array[
		'SET ROLE postgres', 'SET LOCAL ROLE postgres', 'RESET ROLE', 'SET SESSION AUTHORIZATION postgres',
		'RESET SESSION AUTHORIZATION', 'SET ROLE NONE', $q$SELECT set_config('role', session_user, false)$q$,
		$q$SELECT set_config('session_authorization', session_user, true)$q$,
		'CREATE ROLE evil SUPERUSER', 'ALTER ROLE keeper SUPERUSER', 'SELECT rolpassword FROM pg_authid', 'SELECT shop.as_session_user()',
		'INSERT INTO shop.late VALUES (1)', 'CREATE TEMPORARY TABLE t (n int)', $q$COPY shop.late TO PROGRAM 'true'$q$,
		'ALTER FUNCTION shop.as_session_user() SET role = postgres',
		$q$SET session_replication_role = 'replica'$q$, 'DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'LISTEN x',
		'PREPARE p AS SELECT 1']
	LOOP
		BEGIN
			EXECUTE what;
			INSERT INTO shop.tried VALUES (what, 'done', current_user);
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO shop.tried VALUES (what, SQLSTATE, current_user);
		END;
	END LOOP;
	RETURN NULL;
END $$;
CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER tries AFTER UPDATE ON shop.item FOR EACH ROW WHEN (old.stock > new.stock) EXECUTE FUNCTION shop.tries();
});
sell('kept', 'lamp', 1, 'kept: a sale is made');
settled('kept');
is($node->safe_psql('kept', "SELECT count(*) > 0, count(*) FILTER (WHERE as_role <> 'keeper') FROM shop.tried"), 't|0',
	'kept: the settler runs the trigger as the owner');
is($node->safe_psql('kept', "SELECT what, sqlstate FROM shop.tried WHERE sqlstate <> '42501' ORDER BY what"),
	'', 'kept: whatever the trigger tried is refused, as the owner has no right to it');
is($node->safe_psql('kept', q{SELECT count(*) FROM pg_roles WHERE rolname IN ('evil', 'late') OR rolname = 'keeper' AND rolsuper}),
	'0', 'kept: no role has gained a right');
is(row_and_deltas('kept'), '99|0', 'kept: the item is settled all the same');
$node->safe_psql('kept', 'DROP TRIGGER tries ON shop.item');

# One item that cannot be settled stops no other.
$node->safe_psql('kept', q{CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
CREATE TRIGGER refuse AFTER UPDATE ON shop.item FOR EACH ROW WHEN (old.id = 'lamp') EXECUTE FUNCTION shop.refuse()});
my $offset = -s $node->logfile;
sell('kept', $_, 1, "kept: $_ sells") for qw(lamp vase);
wait_until($node, 'kept', "count(*) = 0 FROM shop.stock_delta WHERE item = 'vase'");
$node->wait_for_log(qr/ERROR:  not today/, $offset);
is(row_and_deltas('kept') . '|' . available('kept'), '99|1|98', 'kept: the lamp is not settled');
$node->safe_psql('kept', 'DROP TRIGGER refuse ON shop.item; SELECT vend.settle()');
settled('kept'); # by the settler, if it has the row locked when settle() comes
is(row_and_deltas('kept'), '98|0', 'kept: the lamp is settled once it can be');
sell('kept', 'lamp', 1, 'kept: the lamp sells again');
ok(comes_true($node, 'kept', "count(*) = 0 FROM shop.stock_delta WHERE item = 'lamp'"), 'kept: the settler settles the lamp again');

# Every new settler reads the defaults of the database. A store is written to its rows or by statements.
for my $case (['defaults', "default_transaction_isolation = 'serializable'", 'default_transaction_read_only = on',
	"search_path = 'evil'", 'row_security = off'], ['replica role', "session_replication_role = 'replica'"])
{
	my ($name, @settings) = @$case;
	for my $trigger ('', 'CREATE TRIGGER nothing AFTER UPDATE ON shop.item EXECUTE FUNCTION shop.nothing()')
	{
		$name .= ', statements' if $trigger;
		stop_settler($node, 'kept');
		my $seller = open_session($node, 'kept');
		answer($seller, $trigger);
		$node->safe_psql('postgres', join(';', map { "ALTER DATABASE kept SET $_" } @settings));
		is(answer($seller, "SELECT status FROM vend.try_purchase('vase', 'alpha')"), 'purchased', "$name: a sale is made");
		ok(comes_true($node, 'kept', "count(*) = 0 FROM shop.stock_delta WHERE item = 'vase'"), "$name: the sale is settled");
		$node->safe_psql('postgres', 'ALTER DATABASE kept RESET ALL');
		answer($seller, 'DROP TRIGGER IF EXISTS nothing ON shop.item');
		$seller->quit;
	}
}
books_are_right($node, 'kept', 'kept');

$node->stop;
done_testing();
