# Aim: if somebody sets the server's clock back or forth by an hour, no wait and no interval of escrow gets longer or shorter: neither the
# wait for pending units, nor the pause after a settling that failed, nor the start and the end of the worker, nor the lag that is shown.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Answers;
use Escrow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A library that shifts the clock of the server, and of nobody else.
my $dir = PostgreSQL::Test::Utils::tempdir;
my $library = "$dir/set_clock.so";
system_or_bail($ENV{CXX} // 'g++', '-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', "$FindBin::Bin/lib/set_clock.cpp",
	'-o', $library);
append_to_file("$dir/clock", pack('q', 0));

sub set_clock
{
	my ($seconds) = @_;
	open my $file, '+<:raw', "$dir/clock" or die $!;
	syswrite $file, pack('q', $seconds);
	close $file;
	return;
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
preload($node);
{
	local $ENV{LD_PRELOAD} = $library;
	local $ENV{SET_CLOCK_FILE} = "$dir/clock";
	$node->start;
}
$node->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
INSERT INTO shop.item (id, price, stock, lock_mode) VALUES ('lamp', 1, 5, 'escrow'), ('vase', 1, 100, 'escrow');
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000), ('beta', 1000), ('gamma', 1000);
});
sub one { my ($sql) = @_; return $node->safe_psql('postgres', "SELECT $sql"); }
my $hour = 3600;
sub is_waiting { return one("waiting FROM vend.stat_item WHERE item = 'lamp'") eq '1'; }
my $started = one('extract(epoch FROM clock_timestamp())');
set_clock(-$hour);
cmp_ok(one('extract(epoch FROM clock_timestamp())'), '<', $started - $hour / 2, 'the clock can be set');
set_clock(0);

# A buyer waits for pending units for vend.escrow_wait, whatever the clock shows.
my $seller = open_session($node, 'postgres');
is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'alpha', 5)"), 'purchased', 'the units are pending');
my $clock = 0;
for my $call ("SELECT status FROM vend.try_purchase('lamp', 'beta')",
	"SELECT status FROM vend.purchase_many('{lamp}', '{beta}')", "SELECT status FROM vend.try_checkout('beta', '{lamp}')")
{
	my $buyer = open_session($node, 'postgres');
	# The clock is set while the buyer waits: a wait that is over by then is repeated, twice as long.
	for (my $seconds = 1;; $seconds *= 2)
	{
		answer($buyer, "SET vend.escrow_wait = '${seconds}s'");
		send_query($buyer, $call);
		await(sub { is_waiting() || one("state = 'idle' FROM pg_stat_activity WHERE query LIKE '%vend%beta%' AND pid <> pg_backend_pid()") eq 't' });
		set_clock($clock -= $hour);
		last if is_waiting();
		is(answer($buyer, 'SELECT 1'), "all_pending\n1", "a wait of $seconds s ended too soon for this test: $call");
	}
	unless (ok(await(sub { !is_waiting() }), "the wait has an end: $call"))
	{
		# Nothing that follows would end.
		$node->stop('immediate');
		done_testing();
		exit;
	}
	is(answer($buyer, 'SELECT 1'), "all_pending\n1", "the buyer is told that all units are pending: $call");
	$buyer->quit;
}
is(answer($seller, 'ROLLBACK'), '', 'the units are given back');
my $buyer = open_session($node, 'postgres');
is(answer($seller, "BEGIN; SELECT status FROM vend.try_purchase('lamp', 'alpha', 5)"), 'purchased', 'the units are pending again');
send_query($buyer, "SET vend.escrow_wait = '10min'; SELECT status FROM vend.try_purchase('lamp', 'beta')");
wait_until($node, 'postgres', "waiting = 1 FROM vend.stat_item WHERE item = 'lamp'");
set_clock($clock += $hour);
is(one("waiting FROM vend.stat_item WHERE item = 'lamp'"), '1', 'the wait has not ended early');
is(answer($seller, 'ROLLBACK'), '', 'the units are given back once more');
is(answer($buyer, 'SELECT 1'), "purchased\n1", 'the buyer who has waited gets a unit');

# The lag does not follow the clock, and what could not be settled is settled after the pause.
my $locker = lock_row($node, 'postgres', 'vase');
is(answer($buyer, "SELECT status FROM vend.try_purchase('vase', 'beta')"), 'purchased', 'a sale is made that cannot be settled');
wait_until($node, 'postgres', "unsettled = 1 FROM vend.stat_item WHERE item = 'vase'");
for my $shift (-$hour, 3 * $hour)
{
	set_clock($clock += $shift);
	is(one("settle_lag BETWEEN '0' AND '10min' FROM vend.stat_item WHERE item = 'vase'"), 't', 'the lag does not follow the clock');
}
set_clock($clock -= 4 * $hour);
is(answer($locker, 'COMMIT'), '', "the row's lock is released");
$locker->quit;
ok(comes_true($node, 'postgres', "count(*) = 0 FROM shop.stock_delta"), 'the sale is settled');

# The worker leaves when it has nothing to do, and the session that started it starts another.
set_clock($clock -= $hour);
ok(comes_true($node, 'postgres', "count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_vend settler'"), 'the worker leaves');
set_clock($clock -= $hour);
is(answer($buyer, "SELECT status FROM vend.try_purchase('vase', 'beta')"), 'purchased', 'the session that started the worker sells');
ok(comes_true($node, 'postgres', "count(*) = 0 FROM shop.stock_delta"), 'the session has started another worker');
books_are_right($node, 'postgres', 'in the end');

$_->quit for $seller, $buyer;
$node->stop('immediate');
done_testing();
