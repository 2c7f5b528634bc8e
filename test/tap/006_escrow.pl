# Aim: escrow whose shared memory is not there or is lost. Without preloading, sales of escrow items say what to set, and an item can
# leave escrow. Pending units come back when a session, the settler or the server is stopped or killed (G1, G3, G4, G6). If there are
# more items than counters, or an item cannot be settled now, the others go on.
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
preload($node, q{
restart_after_crash = on
autovacuum = off
vend.escrow_items = 3
vend.escrow_wait = '10min'
deadlock_timeout = '20ms'
});
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 100, 'escrow'), ('vase', 1, 100, 'escrow'),
	('cup', 1, 100, NULL);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 100000), ('beta', 100000);
});

# Sells, and returns the status or the SQLSTATE.
sub sell
{
	my ($item, $qty, $order, $options) = @_;
	my $session = open_session($node, 'postgres');
	my $status = answer($session, "SELECT status FROM vend.try_purchase('$item', 'beta', $qty, vend.id_from('$order')"
		. (defined $options ? ", $options" : '') . ')');
	$session->quit;
	return $status;
}

sub one { my ($sql) = @_; return $node->safe_psql('postgres', "SELECT $sql"); }
sub deltas { my ($item) = @_; return one("count(*) FROM shop.stock_delta WHERE item = '$item'"); }
sub settled { my ($item) = @_; return wait_until($node, 'postgres', "count(*) = 0 FROM shop.stock_delta WHERE item = '$item'"); }

# Sells three lamps, which are not settled, and a vase, which is; then the server crashes.
sub half_settle
{
	my ($name) = @_;
	my $locker = lock_row($node, 'postgres', 'lamp');
	is(sell('lamp', 1, "$name $_"), 'purchased', "$name: lamp $_ is sold") for 1 .. 3;
	is(sell('vase', 1, "$name vase"), 'purchased', "$name: a vase is sold");
	settled('vase');
	is(deltas('lamp'), '3', "$name: the lamp's deltas are not settled");
	$node->stop('immediate');
	eval { $locker->quit };
	return;
}

half_settle('first');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->start;
my $session = open_session($node, 'postgres');
is(answer($session, "SELECT vend.available('lamp'), vend.available('vase'), vend.available('cup')"), '97|99|100',
	'not preloaded: what is available is known');
is(answer($session, 'SELECT count(*) FROM vend.audit()'), '0', 'not preloaded: the audit is empty');
is(answer($session, 'SELECT count(*) FROM vend.stat_item'), '0', 'not preloaded: stat_item has no row');
is(answer($session, "SELECT status FROM vend.try_purchase('cup', 'alpha', 1, lock_mode => '$_')"), 'purchased',
	"not preloaded: $_ sells") for qw(atomic pessimistic optimistic);
is(answer($session, "SELECT status FROM vend.try_purchase('lamp', 'beta', 1, vend.id_from('first 1'))"), 'replayed',
	'not preloaded: a sale in escrow is replayed');
for my $call ("SELECT vend.purchase('lamp', 'alpha')", "SELECT vend.try_purchase('lamp', 'alpha')",
	"SELECT vend.refund(vend.id_from('first 1'))", "SELECT vend.restock('lamp', 1)", "SELECT vend.set_lock_mode('cup', 'escrow')",
	"UPDATE shop.item SET lock_mode = 'escrow' WHERE id = 'cup'",
	"INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('pot', 1, 1, 'escrow')")
{
	is(answer($session, $call), '55000', "not preloaded: the call is refused: $call");
	my (undef, undef, $error) = $node->psql('postgres', $call);
	like($error, qr/escrow needs pg_vend to be preloaded.*HINT:  Add pg_vend to shared_preload_libraries and restart/s,
		"not preloaded: the error says what to do: $call");
}
is(answer($session, "SELECT vend.set_lock_mode('lamp', 'atomic'); SELECT stock FROM shop.item WHERE id = 'lamp'"), "\n97",
	'not preloaded: set_lock_mode() out of escrow folds the deltas');
is(answer($session, "UPDATE shop.item SET lock_mode = NULL WHERE id = 'vase' RETURNING stock"), '99', 'not preloaded: an UPDATE of lock_mode folds the deltas, too');
is(deltas('lamp'), '0', 'not preloaded: no delta is left');
is(answer($session, "SELECT status FROM vend.try_purchase('$_', 'alpha')"), 'purchased', "not preloaded: $_ sells again")
	for qw(lamp vase);
is(answer($session, 'SELECT count(*) FROM vend.audit()'), '0', 'not preloaded: the audit stays empty');
$session->quit;

# Preloaded again. The server dies with half of the deltas settled; the first sale makes the settler do the rest.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_vend'\n");
$node->restart;
$node->safe_psql('postgres', "SELECT vend.set_lock_mode(id, 'escrow') FROM shop.item WHERE id IN ('lamp', 'vase')");
half_settle('second');
$node->start;
is(one("vend.available('lamp'), vend.available('vase')"), '93|97', 'after the stop: what is available is right');
books_are_right($node, 'postgres', 'after the stop');
is(sell('lamp', 1, "second $_"), 'replayed', "after the stop: lamp $_ is replayed") for 1 .. 3;
is(deltas('lamp'), '3', 'after the stop: nobody settles before the first sale');
is(sell('vase', 1, 'another vase'), 'purchased', 'after the stop: another item is sold');
settled('lamp');
is(one("stock FROM shop.item WHERE id = 'lamp'"), '93', 'after the stop: that sale makes the settler settle what was left');

# A call that is refused makes the settler settle as well: once all is sold, no sale is made.
half_settle('third');
$node->start;
is(sell('lamp', 1000, 'too many'), 'sold_out', 'after another stop: a call is refused');
settled('lamp');
is(one("stock FROM shop.item WHERE id = 'lamp'"), '90', 'after another stop: that call makes the settler settle what was left');
is(one("stock FROM vend.restock('lamp', 3)"), '93', 'after another stop: three lamps come in');

# Kills a process and waits until the server has recovered.
sub kill_process
{
	my ($pid, $name) = @_;
	my $offset = -s $node->logfile;
	kill 'KILL', $pid;
	$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
	like(slurp_file($node->logfile, $offset), qr/was terminated by signal 9.*automatic recovery in progress/s, "$name: the server crashed");
	return;
}

# Opens a transaction that has five lamps pending, and returns it and its backend.
sub begin_sale
{
	my ($order) = @_;
	my $seller = open_session($node, 'postgres');
	my $pid = answer($seller, 'SELECT pg_backend_pid()');
	is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'alpha', 5, vend.id_from('$order'))"), 'purchased',
		'five units are pending');
	wait_until($node, 'postgres', "pending = 5 FROM vend.stat_item WHERE item = 'lamp'");
	return ($seller, $pid);
}

my ($seller, $pid) = begin_sale('pending');
is(sell('lamp', 1, 'fourth'), 'purchased', 'another session sells meanwhile');
kill_process($pid, 'backend with pending units');
eval { $seller->quit };
is(one("vend.available('lamp')"), '92', 'backend with pending units: the units are back');
books_are_right($node, 'postgres', 'backend with pending units');
is(sell('lamp', 1, 'fourth'), 'replayed', 'backend with pending units: the other sale is replayed');
is(one("count(*) FROM shop.ledger WHERE id = vend.id_from('pending')"), '0', 'backend with pending units: its sale is gone');

# If a session with pending units is cancelled or terminated, the session that waits for them gets them.
for my $way (qw(cancel terminate))
{
	($seller, $pid) = begin_sale("pending, $way");
	send_query($seller, 'SELECT pg_sleep(600)');
	my $waiter = open_session($node, 'postgres');
	send_query($waiter, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'beta', vend.available('lamp') + 5)");
	wait_until($node, 'postgres', "waiting = 1 FROM vend.stat_item WHERE item = 'lamp'");
	is(one("pg_${way}_backend($pid)"), 't', "$way: the backend with pending units gets the signal");
	is(answer($waiter, 'SELECT available, pending FROM vend.stat_item WHERE item = \'lamp\''), "purchased\n0|92",
		"$way: the units come back and are sold to the session that waits");
	is(answer($waiter, 'ROLLBACK'), '', "$way: that session rolls back");
	eval { $seller->quit };
	$waiter->quit;
	books_are_right($node, 'postgres', "$way of the backend with pending units");
}

# A session that waits for pending units is cancelled or terminated.
($seller, $pid) = begin_sale('pending, others wait');
for my $way (qw(cancel terminate))
{
	my $waiter = open_session($node, 'postgres');
	my $waiting = answer($waiter, 'SELECT pg_backend_pid()');
	send_query($waiter, "SELECT status FROM vend.try_purchase('lamp', 'beta', 92)");
	wait_until($node, 'postgres', "waiting = 1 FROM vend.stat_item WHERE item = 'lamp'");
	is(one("pg_${way}_backend($waiting)"), 't', "$way: the session that waits gets the signal");
	wait_until($node, 'postgres', "waiting = 0 FROM vend.stat_item WHERE item = 'lamp'");
	is(one("available, pending FROM vend.stat_item WHERE item = 'lamp'"), '87|5', "$way of the session that waits: the other units are still pending");
	if ($way eq 'cancel') { is(answer($waiter, 'SELECT 1'), '57014', 'the session was cancelled'); }
	eval { $waiter->quit };
}
is(answer($seller, 'ROLLBACK'), '', 'the pending units are given back');
$seller->quit;
books_are_right($node, 'postgres', 'after the sessions that waited');

# The settler is stopped in mid-work: it has taken the deltas and written the row when a trigger of the owner's makes it wait. The trigger
# does not wait for a lock, as the settler would give up.
$node->safe_psql('postgres', q{
CREATE FUNCTION shop.stop() RETURNS trigger LANGUAGE plpgsql
	AS 'BEGIN WHILE NOT pg_catalog.pg_try_advisory_xact_lock(42) LOOP PERFORM pg_catalog.pg_sleep(0.1); END LOOP; RETURN NULL; END';
CREATE TRIGGER stop AFTER UPDATE ON shop.item FOR EACH ROW WHEN (old.stock > new.stock) EXECUTE FUNCTION shop.stop();
});
for my $way (qw(terminate kill))
{
	my $left = one("vend.available('lamp')") - 2;
	my $gate = open_session($node, 'postgres');
	answer($gate, 'SELECT pg_advisory_lock(42)');
	is(sell('lamp', 2, "settler $way"), 'purchased', "settler, $way: a lamp is sold");
	$pid = settler_of($node, 'postgres', "wait_event = 'PgSleep'");
	is(deltas('lamp'), '1', "settler, $way: it has not committed");
	if ($way eq 'kill') { kill_process($pid, 'settler'); }
	else { is(one("pg_terminate_backend($pid, 180000)"), 't', 'the settler goes'); }
	is(deltas('lamp') . '|' . one("vend.available('lamp')"), "1|$left", "settler, $way: the delta is still there, and what is available is right");
	books_are_right($node, 'postgres', "settler, $way");
	eval { $gate->quit };
	is(sell('vase', 1, "vase $way"), 'purchased', "settler, $way: the next sale is made");
	settled('lamp');
	is(one("stock FROM shop.item WHERE id = 'lamp'"), $left, "settler, $way: that sale brings another settler, which settles both");
}
$node->safe_psql('postgres', 'DROP TRIGGER stop ON shop.item');

# An item whose row is locked: stat_item says how far its settling lags, and the others are settled.
my $locker = lock_row($node, 'postgres', 'lamp');
is(sell($_, 1, "lag $_"), 'purchased', "locked row: $_ sells") for qw(lamp vase);
settled('vase');
wait_until($node, 'postgres', "unsettled = 1 AND settle_lag > '1 s' FROM vend.stat_item WHERE item = 'lamp'");
ok(comes_true($node, 'postgres', "unsettled = 0 AND settle_lag IS NULL FROM vend.stat_item WHERE item = 'vase'"),
	'locked row: the settling of the other item does not lag');
is(answer($locker, 'COMMIT'), '', 'locked row: the lock is released');
wait_until($node, 'postgres', "unsettled = 0 AND settle_lag IS NULL FROM vend.stat_item WHERE item = 'lamp'");
is(deltas('lamp'), '0', 'locked row: then the item is settled');

# A table is locked for ten times as long as the settler stays without work, and nobody sells meanwhile or afterwards. The settler
# still looks for work at the end of that time.
my $offset = -s $node->logfile;
($seller) = begin_sale('locked table');
$locker = open_session($node, 'postgres');
send_query($locker, 'BEGIN; LOCK TABLE shop.stock_delta');
wait_until($node, 'postgres', "count(*) = 1 FROM pg_locks WHERE relation = 'shop.stock_delta'::regclass AND NOT granted");
is(answer($seller, 'COMMIT'), '', 'locked table: the sale commits');
my $sold = one('clock_timestamp()');
settler_of($node, 'postgres');
my $settler = "FROM pg_stat_activity WHERE backend_type = 'pg_vend settler'";
ok(comes_true($node, 'postgres', "coalesce((SELECT state_change > timestamptz '$sold' + interval '10 s' $settler), true)"),
	'locked table: ten seconds pass');
is(one("count(*) $settler"), '1', 'locked table: the settler stays');
is(answer($locker, 'COMMIT'), '', 'locked table: the lock is released');
ok(comes_true($node, 'postgres', "count(*) = 0 FROM shop.stock_delta"), 'locked table: then the item is settled');
wait_until($node, 'postgres', "count(*) = 0 $settler");
unlike(slurp_file($node->logfile, $offset), qr/lock timeout/, 'locked table: the log has no lock timeout');
$_->quit for $seller, $locker;
books_are_right($node, 'postgres', 'locked table');

# The settler's lock_timeout stays below deadlock_timeout: a trigger of the owner's writes it down.
$node->safe_psql('postgres', q{
CREATE TABLE shop.heard (lock_timeout text);
CREATE FUNCTION shop.hear() RETURNS trigger LANGUAGE plpgsql
	AS 'BEGIN INSERT INTO shop.heard VALUES (pg_catalog.current_setting(''lock_timeout'')); RETURN NULL; END';
CREATE TRIGGER hear AFTER UPDATE ON shop.item FOR EACH ROW WHEN (old.stock > new.stock) EXECUTE FUNCTION shop.hear();
});
is(sell('lamp', 1, 'heard'), 'purchased', 'deadlock_timeout: a lamp is sold');
settled('lamp');
is(one('string_agg(DISTINCT lock_timeout, $$ $$) FROM shop.heard'), '10ms', 'deadlock_timeout: the settler waits for a lock for half of that time');
$node->append_conf('postgresql.conf', "deadlock_timeout = '1s'\n");
$node->reload;
ok(comes_true($node, 'postgres', "(vend.try_purchase('lamp', 'alpha')).status = 'purchased'
	AND EXISTS (SELECT FROM shop.heard WHERE lock_timeout = '100ms')"), 'deadlock_timeout: the settler knows the new time after a reload');
$node->safe_psql('postgres', 'DROP TRIGGER hear ON shop.item');
settled('lamp');
books_are_right($node, 'postgres', 'deadlock_timeout');

# Four items, and room for three, of which one is kept free for others.
$node->safe_psql('postgres', "INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('pot', 1, 100, 'escrow'), ('jar', 1, 100, 'escrow')");
for my $turn (1 .. 2)
{
	is(sell($_, 1, "$_ in turn $turn"), 'purchased', "room for two: $_ sells in turn $turn") for qw(lamp vase jar pot);
}
is(one('count(*) FROM vend.stat_item'), '3', 'room for two: there are three counters');
my @sellers = map { open_session($node, 'postgres') } 1 .. 2;
for my $n (0, 1)
{
	is(answer($sellers[$n], "BEGIN; SELECT status FROM vend.try_purchase('@{[ (qw(lamp vase))[$n] ]}', '@{[ (qw(alpha beta))[$n] ]}')"),
		'purchased', 'room for two: a unit is pending');
}
$session = open_session($node, 'postgres');
$node->safe_psql('postgres', "INSERT INTO shop.wallet (id, balance) VALUES ('gamma', 100000)");
my $third = "SELECT status FROM vend.try_purchase('pot', 'gamma')";
is(answer($session, $third), '53400', 'room for two: a sale of a third item is refused');
my (undef, undef, $error) = $node->psql('postgres', $third);
like($error, qr/no counter is free for escrow item.*HINT:  Raise vend\.escrow_items and restart the server\./s, 'room for two: the error says what to do');
is(answer($session, "SELECT count(*) FROM vend.purchase_many('{$_}', '{gamma,gamma}')"), '53400', "room for two: a batch of $_ is refused") for 'cup,pot', 'pot,cup';
is(answer($session, "SELECT count(*) FROM vend.try_checkout('gamma', '{cup,pot}')"), '53400', 'room for two: a cart is refused');
is(answer($session, "SELECT status FROM vend.try_purchase('cup', 'gamma')"), 'purchased', 'room for two: a sale in a row mode needs no counter');
is(answer($session, "SELECT vend.available('pot')"), '98', 'room for two: available() needs no counter');
is(answer($sellers[0], 'COMMIT'), '', 'room for two: one of the two commits');
is(answer($session, $third), 'purchased', 'room for two: the third item sells');
is(answer($sellers[1], 'ROLLBACK'), '', 'room for two: the other rolls back');
$_->quit for @sellers;
is(answer($session, "SELECT count(*) FROM vend.purchase_many('{lamp,vase,jar,pot}', '{gamma,gamma,gamma,gamma}')"), '53400', 'room for two: four in a batch are refused');
is(answer($session, "SELECT count(*) FROM vend.try_checkout('gamma', '{lamp,vase,jar,pot}')"), '53400', 'room for two: four in a cart are refused');
books_are_right($node, 'postgres', 'room for two');

# A counter that makes room for others leaves deltas behind; they are settled all the same, while others sell.
is(sell('lamp', 1, 'left behind 1'), 'purchased', 'left behind: the lamp has a counter');
$locker = lock_row($node, 'postgres', 'lamp');
is(sell('lamp', 1, 'left behind 2'), 'purchased', 'left behind: the lamp gets a delta');
is(sell($_, 1, "left behind $_"), 'purchased', "left behind: $_ sells") for qw(vase jar pot);
# One of the counters had to make room, perhaps the lamp's.
cmp_ok(deltas('lamp'), '>', 0, "left behind: the lamp's delta is there");
is(answer($locker, 'COMMIT'), '', "left behind: the row's lock is released");
$locker->quit;
ok(comes_true($node, 'postgres', "(vend.try_purchase('vase', 'gamma')).status = 'purchased'
	AND (SELECT count(*) = 0 FROM shop.stock_delta WHERE item = 'lamp')"), 'left behind: the lamp is settled while others sell');
books_are_right($node, 'postgres', 'left behind');

$session->quit;
$node->stop;
done_testing();
