package DieOnFail;

# Ends a test at its first failure: PERL5LIB=test/tap/lib PERL5OPT=-MDieOnFail. Whoever only wants to know that it fails, as
# test/mutants/run does, need not wait for what can only fail after that, each time at the end of a limit of time.

use strict;
use warnings;

use Test2::API qw(test2_add_callback_context_release);

sub import
{
	test2_add_callback_context_release(
		sub {
			my ($context) = @_;
			return if $context->hub->is_passing || ${^GLOBAL_PHASE} eq 'END';
			$context->throw('the first failure ends this test');
		});
	return;
}

1;
