use strict;
use warnings;
use Test::More tests => 2;

ok(1, 'first');
die "no such table\n" unless -e 'table.txt';
ok(1, 'second');
