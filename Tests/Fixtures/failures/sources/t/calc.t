use strict;
use warnings;
use Test::More tests => 7;

sub add { return $_[0] + $_[1] + ($_[0] > 2) }

is(add(1, 2), 3, 'small numbers');
is(add(3, 1), 4, 'adds');
is_deeply([map { add($_, 1) } 1 .. 3], [2, 3, 4], 'a list');
like('abc', qr/^b/, 'begins with b');
cmp_ok(add(3, 4), '<', 8, 'is below');
ok(add(3, -4) == 0, 'is zero');
TODO: {
    local $TODO = 'not yet';
    is(add(5, 5), 10, 'some day');
}
