"""Small templates, each for one thing that a chat template may rely on."""

VARIABLES = {
    "a": 7,
    "b": -3,
    "f": 2.5,
    "t": True,
    "n": None,
    "s": "Hello World",
    "u": "Grüße 你好 🤖!",
    "w": "  \u00a0x y\u2003\n",
    "big": 123456789012345678,
    "xs": [3, 1, 2],
    "words": ["pear", "Apple", "fig", "apple"],
    "empty": [],
    "d": {"b": 1, "a": [1, {"x": None}], "items": "key", "C": 2.0},
    "users": [
        {"name": "ann", "age": 30, "tags": ["x", "y"], "boss": {"name": "zoe"}},
        {"name": "Bob", "age": 25, "tags": [], "boss": {"name": "yan"}},
        {"name": "cid", "age": 30, "tags": ["z"], "boss": {}},
    ],
    "tree": [{"v": 1, "kids": [{"v": 2, "kids": []}, {"v": 3, "kids": [{"v": 4, "kids": []}]}]}],
    "lines": "one\ntwo\r\n\nthree",
}

# Expressions, each rendered as {{ … }}.
EXPRESSIONS = r"""
a + b
a - b * 2
a / 2
6 / 3
a // 2
-7 // 2
7 // -2
-7 % 3
7 % -3
-7.5 // 2
-7.5 % 2
7.5 % -2
5.0 // 2
0.0 % 5
-0.0
a ** 2
2 ** -1
2 ** 0.5
2 ** 3 ** 2
-2 ** 2
(-2) ** 3
2 ** 100
2 ** 100 - 2 ** 100 + 1
big * big
-big * big // 7
-big * big % 7
big * 1000 / 3
2 ** 63
-(2 ** 63)
9223372036854775807 + 1
9223372036854775808 - 1
2 ** 100 == 2.0 ** 100
2 ** 53 + 1 == 2.0 ** 53
2 ** 100 > 1e30
2 ** 100 / 2 ** 99
1 / 0
1 // 0
1 % 0
1.0 / 0
0 ** -1
'a' * 3
3 * 'ab'
'a' * -1
[1, 2] * 2
(1, 2) * 2
[1] + [2, 3]
(1,) + (2,)
[1] + (2,)
'a' + 'b'
'a' + 1
1 + 'a'
n + 1
'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1] ~ nope
t + 1
true + true
not true
not nope
not []
+a
-a
-f
-t
+'a'
-s
1.0
1e5
1e16
1e15
123456789.123
1e22
1e100
1.5e-5
0.0001
0.00001
1e-10
0.1 + 0.2
1/3
2/3
100/3
1e308 * 10
-1e308 * 10
1_000
1_0.5
0x1f
0b101
0o17
1.5e3
12345678901234567890
3.0
1e23
2.2250738585072014e-308
5e-324
1.7976931348623157e308
9007199254740993.0
4.35
0.3
none
None
True
[none, true, 1.0, 'a', "b'c", 'd"e', 'f\'g"h']
['\n\t\r\\', 'é', '你', '🤖', '\x00\x7f', '\u200b', '\xa0', '\ud7ff']
'\x41\u00e9\U0001f916\101\7\q'
'\N{BULLET}'
'a' 'b' "c"
()
(1,)
(1, 2)
1, 2
{}
{'a': 1, 1: 'b', none: true, 1.5: []}
{'a': {'b': [1, (2, 3)]}}
{'a': 1,}
[1, 2,]
{[1]: 2}
{(1, 2): 3}
{1: 'a', true: 'b', 1.0: 'c'}
{1: 'a'}[true]
{1: 'a'}[1.0]
1.0 in {1: 2}
1 < 2
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2 != 1
1 == 1.0
1 == true
'1' == 1
none == none
nope == nope
nope == none
nope is none
[1, 2] == [1.0, 2]
[1, 2] == (1, 2)
{'a': 1} == {'a': 1.0}
'a' < 'b'
'Z' < 'a'
[1, 2] < [1, 3]
[1] < [1, 0]
(1, 'a') < (1, 'b')
1 < 'a'
none < 1
nope < 1
1 < nope
'a' in 'abc'
'' in 'abc'
1 in 'abc'
1 in [1, 2]
1.0 in [1, 2]
'a' in {'a': 1}
1 not in [1, 2]
'x' not in 'abc'
1 in nope
1 in none
1 in 5
[1] in [[1], 2]
[1] in {'a': 1}
a if t else b
a if not t
'x' if false else 'y' if false else 'z'
(a if n else b) + 1
1 if nope else 2
true and 0
0 or 'x'
'' or none or []
1 and 2 and 3
nope or 'd'
not 1 == 2
1 == 2 or 2 == 2 and not 3 == 3
nope
nope.x
nope['x']
nope + 1
1 + nope
nope()
nope ~ 'x'
nope|length
nope|upper
nope|list
nope|join(',')
nope|default('d')
nope|d
n|default('d')
n|default('d', true)
''|default('d', boolean=true)
nope is defined
s is defined
d.nope is defined
d.nope
d.nope.x
d['nope']
s.nope
n.x
n['x']
xs.x
xs[10]
xs['a']
a.x
a[0]
[nope]
{'a': nope}
d
d.b
d.a[1].x
d['b']
d.items is callable
d['items']
d.items()|list
d.get is callable
d.get('b')
d.get('zz')
d.get('zz', 5)
d.get()
d.keys()
d.values()
d.items()
d.keys()|list
d.values()|list|tojson
d.items()|length
d.keys()|first
d.items()|last
d.copy()
d|list
d|length
d|first
d.update({'z': 1})
d.pop('b')
d.clear
d.setdefault('q', 1)
xs.append(4)
xs.pop()
xs.sort
xs.insert(0, 1)
xs.extend([1])
xs.remove(1)
xs.reverse()
xs.clear()
xs.index(2)
xs.index(9)
xs.count(1)
xs.copy()
(1, 2, 1).count(1)
(1, 2).index(2)
xs.__class__
xs.__class__.__mro__
''.__class__.__mro__
s.__len__()
d.__class__
d['__class__']
range.__globals__
raise_exception.__globals__
s._private
xs[0]
xs[-1]
xs[1:]
xs[:-1]
xs[::-1]
xs[::2]
xs[-2:]
xs[5:]
xs[-10:10]
xs[2:0:-1]
xs[::0]
xs['a':]
xs[none:none]
xs[nope:]
xs[true]
(1, 2, 3)[1:]
s[0]
s[-1]
s[1:4]
s[::-1]
s[::3]
s[100]
s[100:]
u[0:2]
u[-2]
u[::-1]
u[9:]
u|length
u|reverse
a[1:]
n[1:]
d['a':]
nope[1:]
xs|truncate(7)
'abc'|truncate(3)
0 / -(2 ** 63)
range(5)
range(5)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(10)[2:5]
range(10)[::-2]|list
range(10)[-1]
range(3)|length
range(0)|list
3 in range(5)
range(1, 10, 2)
range(3) == range(3)
range()
range('a')
range(1, 2, 0)
range(2.0)
range(10 ** 12)
range(100001)
range(100000)|length
range(3)|reverse|list
range(3)|sum
range(3)|tojson
dict(a=1, b=2)
dict({'a': 1}, b=2)
dict([('x', 1), ['y', 2]])
dict(1)
namespace(a=1)
namespace({'a': 1}, b=2).b
namespace(a=1).c
namespace(a=1)['a']
s.upper()
s.lower()
s.title()
'ab-cd e\'f gH'.title()
'ab-cd e\'f (gH'|title
s.capitalize()
u.upper()
u.lower()
'straße'.upper()
'ß ǆ ﬁx'.title()
'ΑΣ'.lower()
'aBc'.swapcase()
s.casefold()
w.strip()
w.lstrip()
w.rstrip()
w|trim
'xxaxx'.strip('x')
'xyaxy'.lstrip('yx')
'xyaxy'.rstrip('yx')
'xxaxx'|trim('x')
'a'.strip(none)
'a'.strip(1)
n|trim
5|trim
s.split()
s.split('o')
s.split('o', 1)
s.split(maxsplit=0)
'a,b,,c'.split(',')
'a,b,,c'.rsplit(',', 1)
'a,b,,c'.rsplit(',', maxsplit=2)
' a  b c '.split()
' a  b c '.split(none, 1)
' a  b c '.rsplit(none, 1)
' a  b c '.split(' ')
''.split()
''.split(',')
s.split('')
w.split()
lines.splitlines()
lines.splitlines(true)
'a\x0bb\x1cc\u2028d'.splitlines()
''.splitlines()
'a\n'.splitlines()
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('=')
'abc'.rpartition('=')
s.startswith('He')
s.startswith(('x', 'H'))
s.startswith('W', 6)
s.endswith('ld')
s.endswith(('x', 'd'))
s.startswith(1)
s.startswith(['H'])
s.removeprefix('Hello ')
s.removesuffix('World')
s.removesuffix('')
s.replace('o', '0')
s.replace('o', '0', 1)
s.replace('', '-')
'ab'.replace('', '-', 2)
s.replace('zz', 'y')
s.replace('o')
s.find('o')
s.find('o', 5)
s.find('zz')
s.rfind('o')
s.index('W')
s.index('zz')
u.find('🤖')
u.find('!')
s.count('o')
s.count('')
s.count('l', 3)
'aaa'.count('aa')
'-'.join(['a', 'b'])
'-'.join('abc')
'-'.join([1])
'-'.join(d)
','.join([])
'12'.isdigit()
'1.2'.isdigit()
'²'.isdigit()
'²'.isdecimal()
'½'.isnumeric()
''.isdigit()
'abc'.isalpha()
'äb1'.isalnum()
' \t'.isspace()
'AB1'.isupper()
'ab1'.islower()
'1'.islower()
'Ab Cd'.istitle()
'abc'.isascii()
'é'.isascii()
'a1'.isidentifier()
'1a'.isidentifier()
'a\n'.isprintable()
'7'.zfill(3)
'-7'.zfill(4)
'+7'.zfill(4)
'abc'.zfill(2)
'ab'.center(5)
'ab'.center(6, '*')
'abc'.center(6, '*')
'ab'.ljust(4) ~ '|'
'ab'.rjust(4, '.')
'ab'.rjust(4, '..')
'a\tb'.expandtabs(4)
'a\tbcd\te'.expandtabs()
'yes' if 'x'.upper
s.upper(1)
s.nosuch()
'{} {}'.format(1, 'a')
'{0} {1} {0}'.format(1, 'a')
'{a} {b}'.format(a=1, b=none)
'{x[0]} {y.b}'.format(x=[5], y={'b': 6})
'{{}} {}'.format(1)
'{:>5}|{:<5}|{:^5}|'.format('a', 'b', 'c')
'{:*^7}'.format('ab')
'{:05d}|{:+d}|{: d}'.format(42, 42, 42)
'{:x} {:X} {:o} {:b} {:#x}'.format(255, 255, 8, 5, 255)
'{:,} {:_}'.format(1234567, 1234567)
'{:.2f} {:8.3f} {:e} {:g} {:%}'.format(3.14159, 2.5, 12345.678, 0.00001, 0.25)
'{:.3}'.format('abcdef')
'{:.3}'.format(3.14159)
'{:g} {:g} {:G}'.format(1e20, 123456789.0, 1e-10)
'{!r} {!s}'.format('a', 'b')
'{:{}}|'.format('a', 4)
'{:d}'.format('a')
'{:s}'.format(1)
'{:5}|{:5}|'.format('a', 1)
'{:5}'.format(none)
'{}'.format()
'{} {0}'.format(1)
'{'.format()
'}'.format()
'{a}'.format()
'{a.__class__}'.format(a=1)
'{}'.format(none)
'{a}'.format_map({'a': 1})
'{:,.2f}'.format(1234567.891)
'{:10,}|'.format(1234)
'{:+.1e}'.format(-12345.0)
'{:.0f} {:.0f}'.format(0.5, 1.5)
'{:c}'.format(65)
'{:<05}|'.format(3)
'{:f}'.format(3)
'{:}'.format(1.0)
'%s %d' % ('a', 5)
'%s' % 'a'
'%s' % [1, 2]
'%s' % none
'%s %s' % ('a',)
'%s' % ('a', 'b')
'a' % 1
'a' % []
'%(x)s %(y)05.1f' % {'x': 1, 'y': 2.25}
'%5d|%-5d|%05d|%+d|% d' % (42, 42, 42, 42, 42)
'%x %X %#x %o' % (255, 255, 255, 8)
'%5s|%-5s|%.2s' % ('ab', 'ab', 'abc')
'%f %.2f %e %g' % (1.5, 2.345, 12345.678, 0.0001)
'%d' % 3.99
'%d' % -3.99
'%d' % 'a'
'%r %r' % ('a', 1)
'%c%c' % ('a', 66)
'%%'  % ()
'%*d' % (5, 42)
'%.3d' % 5
'%q' % 1
'%' % 1
'%5.1f%%' % 12.345
'%s' % nope
'%i' % true
'%s %s' | format('a', 'b')
'%(a)s' | format(a=1)
s|upper
s|lower
s|capitalize
s|title
s|length
s|count
xs|length
5|length
n|length
d|length
s|first
s|last
empty|first
empty|last
xs|first
xs|last
xs|sort
xs|sort(reverse=true)
xs|sort(true)
words|sort
words|sort(case_sensitive=true)
users|sort(attribute='age')|map(attribute='name')|list
users|sort(attribute='age,name')|map(attribute='name')|list
users|sort(attribute='boss.name')|map(attribute='name')|list
[1, 'a']|sort
[none, 1]|sort
d|sort
d|dictsort
{'b': 1, 'A': 2}|dictsort
{'b': 1, 'A': 2}|dictsort(true)
{'b': 1, 'A': 2}|dictsort(by='value')
{'b': 1, 'A': 2}|dictsort(false, 'key', true)
{'b': 1}|dictsort(by='x')
words|unique|list
words|unique(case_sensitive=true)|list
[1, 1.0, true, 2]|unique|list
users|unique(attribute='age')|map(attribute='name')|list
[[1], [1]]|unique|list
xs|min
xs|max
words|min
words|max(case_sensitive=true)
users|max(attribute='age')
empty|max
xs|sum
users|sum(attribute='age')
users|sum('age', 100)
['a']|sum
[[1], [2]]|sum(start=[])
[1.5, 2]|sum
xs|reverse is sequence
s|reverse
xs|reverse|list
xs|list
s|list
5|list
d|list
d|items|list
d|items is iterable
nope|items|list
xs|items|list
xs|join
xs|join(', ')
words|join('-')
users|join(',', attribute='name')
users|join(',', 'boss.name')
[1, none, true, nope, 'a']|join('|')
'abc'|join('-')
5|join
users|map(attribute='name')|list
users|map(attribute='boss.name')|list
users|map(attribute='boss.name', default='?')|list
users|map(attribute='tags.0', default='-')|list
users|map(attribute='nope')|list
words|map('upper')|list
words|map('replace', 'p', 'q')|join(',')
words|map('nosuch')|list
words|map|list
users|map('length')|list
xs|map('string')|list
xs|select|list
[0, 1, none, '', 'a']|select|list
xs|select('odd')|list
xs|reject('odd')|list
xs|select('gt', 1)|list
xs|select('>=', 2)|list
xs|select('in', [1, 2])|list
xs|select('nosuch')|list
users|selectattr('tags')|map(attribute='name')|list
users|selectattr('age', 'equalto', 30)|map(attribute='name')|list
users|selectattr('age', '==', 30)|list|length
users|rejectattr('age', 'eq', 30)|map(attribute='name')|list
users|rejectattr('tags')|map(attribute='name')|list
users|selectattr('boss.name', 'defined')|map(attribute='name')|list
users|selectattr('nope', 'undefined')|list|length
users|selectattr|list
(users|selectattr('age', 'gt', 99)) is defined
'yes' if users|selectattr('age', 'gt', 99) else 'no'
users|selectattr('age')|length
(users|map(attribute='name'))[0]
(users|map(attribute='name'))|first
(users|map(attribute='name'))|last
users|groupby('age')|map(attribute='grouper')|list
users|groupby('age')|map('last')|map('length')|list
words|groupby(0)|list
users|groupby('boss.name', default='none')|map('first')|list
words|map('lower')|groupby(0)|list
[{'k': 'A'}, {'k': 'b'}, {'k': 'a'}]|groupby('k')|list
[{'k': 'A'}, {'k': 'b'}, {'k': 'a'}]|groupby('k', case_sensitive=true)|list
(users|groupby('age'))[0].grouper
(users|groupby('age'))[0].list|length
range(7)|batch(3)|list
range(7)|batch(3, 'x')|list
range(7)|slice(3)|list
range(7)|slice(3, 'x')|list
range(2)|slice(4)|list
range(2)|slice(0)|list
range(4)|batch(0)|list
'5'|int
'5.7'|int
' 42 '|int
'abc'|int
'abc'|int(-1)
'abc'|int(default=none)
'1_000'|int
'ff'|int(base=16)
'0xff'|int(0, 16)
'0b11'|int(base=0)
'+5'|int
'-5'|int
''|int
5.9|int
-5.9|int
true|int
none|int
[]|int
nope|int
'1e3'|int
'inf'|int
'nan'|int
'123456789012345678901234567890'|int
1e20|int
'5'|float
'5.5e2'|float
'abc'|float
'abc'|float(1.5)
' 1.5 '|float
'inf'|float
'-Infinity'|float
'nan'|float
'1_0.5'|float
'1f'|float
'.5'|float
'5.'|float
none|float
5|float
-5|abs
-5.5|abs
'a'|abs
true|abs
(-big * big)|abs
2.5|round
3.5|round
2.675|round(2)
2.5|round(0, 'ceil')
2.5|round(method='floor')
-2.5|round
1234|round(-2)
1250|round(-2)
1234.5|round(-2)
7|round
7|round(2)
7|round(method='ceil')
1.005|round(2)
-0.4|round
1.23456|round(3, 'ceil')
'a'|round
1|round(0, 'x')
true|round
s|replace('o', '0')
s|replace('o', '0', 1)
5|replace(5, 6)
'aaa'|replace('a', 'b', count=2)
lines|indent
lines|indent(2)
lines|indent(2, true)
lines|indent(2, true, true)
lines|indent(width='> ')
lines|indent(first=true)
''|indent(4, true)
n|indent
'a'|indent(-1)
'ab'|center(7)
'ab'|center
5|center(4)
5|string
1.0|string
n|string
'one two, three_four 5'|wordcount
'a b c d e f g'|truncate(5, leeway=0)
'a b c d e f g'|truncate(9, true, leeway=0)
'abcdefghij'|truncate(7)
'abcdefghijklmnop'|truncate(7)
'abc def ghi jkl mno'|truncate(10, end='…')
'<a href="x">\'&</a>'|escape
'<b>'|e|e
'<b>'|safe
('<b>'|safe) + '<i>'
'<i>' + ('<b>'|safe)
('<b>'|safe) ~ '<i>'
('<b>'|safe).upper()
('<b>'|safe|upper) + '<'
('<%s>'|safe) % '<'
('<b>'|safe).replace('b', '<')
('<b>'|safe) is escaped
('<b>'|safe) is string
['<b>'|safe]
('a'|safe) == 'a'
('a'|safe) in ['a']
('<b>'|safe)|tojson
('a,b'|safe).split(',')
'<b>'|forceescape
('<b>'|safe)|forceescape
('<b>'|safe)[0] + '<'
('-'|safe).join(['<', '>'])
{'a': 1}['a'|safe]
d|tojson
users|tojson
u|tojson
u|tojson(ensure_ascii=true)
d|tojson(indent=2)
d|tojson(indent=0)
d|tojson(indent='\t')
d|tojson(2)
d|tojson(separators=(',', ':'))
d|tojson(sort_keys=true)
{'b': 1, 'a': {'d': 1, 'c': 2}}|tojson(sort_keys=true, indent=1)
{}|tojson(indent=2)
[]|tojson(indent=2)
[[], {}, [1]]|tojson(indent=2)
[1, 1.0, 1e100, -0.0, true, none, 'a']|tojson
('inf'|float)|tojson
('nan'|float)|tojson
{1: 2, none: 3, true: 4, 1.5: 5}|tojson
{(1, 2): 3}|tojson
(1, 2)|tojson
'<>&\'"\\/\n\t\x00\x1f\x7f\u2028'|tojson
'<\x7fé🤖'|tojson(true)
nope|tojson
(xs|map('string'))|tojson
d.items()|tojson
big * big|tojson
(big * big)|tojson
namespace(a=1)|tojson
xs|tojson(foo=1)
a|nosuch
a|nosuch if false
'x' if a is nosuch else 'y'
a is nosuch
a is odd
a is even
f is odd
'a' is odd
a is divisibleby 7
a is divisibleby(0)
a is number
t is number
t is integer
a is integer
f is float
a is float
t is boolean
a is boolean
t is true
1 is true
false is false
n is none
n is not none
s is string
a is string
d is mapping
xs is mapping
xs is sequence
s is sequence
d is sequence
n is sequence
a is sequence
nope is sequence
d.items() is sequence
xs is iterable
s is iterable
a is iterable
nope is iterable
range(3) is iterable
range(3) is sequence
(xs|map('string')) is iterable
(xs|map('string')) is sequence
range is callable
s is callable
s.upper is callable
'abc' is lower
'ABC' is upper
'Abc' is lower
a is eq 7
a is equalto(7.0)
a is ne 7
a is lt 8
a is gt 8
a is ge 7
a is le 6
a is lessthan 8
a is greaterthan 8
a is in [7, 8]
a is not in [7, 8]
'a' is in 'abc'
n is sameas none
a is sameas 7
[] is sameas []
t is sameas true
1 is sameas true
'upper' is filter
'nosuch' is filter
'odd' is test
'nosuch' is test
a is defined and b is defined
a is not defined or true
nope is not defined
(a is defined) == true
a is string is defined
not a is string
1 + 2 is eq 3
d|attr('items') is callable
d|attr('b')
s|attr('upper')()
cycler('a', 'b').next()
cycler()
joiner()()
strftime_now('%d %b %Y')
strftime_now('%Y-%m-%d %H:%M:%S')
strftime_now('%A %a %B %b %-d %e %j %p %I %y %% %F %T %D %R %r %c')
strftime_now('%U %W %V %G %g %u %w %C %h %k %l %n|%t|%x %X %Z%z %f %-m %-H %-I %-M %-S %_d %^a %^B')
strftime_now('100%')
strftime_now()
raise_exception('my message')
raise_exception('with ' ~ 1)
raise_exception()
loop
caller
varargs
xs.0
xs.1
d.a.0
tree[0].kids[1].kids[0].v
d.a.1.x
1.5.x
xs[0, 1]
a if
a b
a.
a[
(a
[1, 2
{'a'}
{'a' 1}
'abc
a $ b
a !== b
a = b
if
a ? b : c
a && b
a|
a|upper|
|upper
1 +
* 2
f(x
s.upper(
range(*[1, 4])|list
range(*[1], 4)|list
dict(**{'a': 1})
dict(a=1, **{'b': 2})
dict(a=1, a=2)
dict(**1)
range(*5)
""".strip().split("\n")

# Whole templates: tags, white space, scopes.
TEMPLATES = [
    "",
    "plain",
    "plain\n",
    "plain\n\n",
    "a\r\nb\rc\n",
    "{{ 1 }}\n",
    "{{ 1 }}\n\n{{ 2 }}",
    "  {% if true %}\n  x\n  {% endif %}\n  y",
    "  {%- if true %}\n  x\n  {%- endif %}\n  y",
    "  {% if true -%}\n  x\n  {% endif -%}\n  y",
    "  {%+ if true %}\n  x\n  {%+ endif %}\n  y",
    "  {% if true +%}\n  x\n  {% endif +%}\n  y",
    "a {% if true %} b {% endif %} c",
    "a\n\t {% if true %}b{% endif %}\n\nc",
    "a \n {# comment #} \n b",
    "a \n {#- comment -#} \n b",
    "a \n {#+ comment +#}\n b",
    "a\n  {# comment #}\nb\n  {# c2 #}  \nd",
    "{# multi\nline #}x",
    "{#-#}x",
    "a {#",
    "a {% raw %}",
    "a {{",
    "{% macro m(caller) %}{{ caller }}{% endmacro %}",
    "a {# b",
    "a  {{- 1 }}  b",
    "a  {{ 1 -}}  b",
    "a\n{{ 1 }}\nb",
    "   {{ 1 }}\n   {{- 2 -}}   \n3",
    "{{-1}}",
    "{{+1}}",
    "{{ -1 -}} x",
    "{{ 1 +}}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% raw -%}  {{ x }}  {%- endraw %}  y",
    "{% raw %}\n  {% if %}\n  {% endraw %}\ny",
    "{%- raw %} a {% endraw -%} b",
    "  {% raw %}a{% endraw %}\nb",
    "{% raw %}x",
    "{ {a} } }} %} #}",
    "{{ '}}' }}{{ '%}' }}",
    "{{ {'a': {'b': 1}}['a']['b'] }}",
    "{{ {'a': {'b': 1}} }}",
    "{{ {} }}{{ {}}}",
    "{% if a == 7 %}A{% elif a == 8 %}B{% else %}C{% endif %}",
    "{% if a == 1 %}A{% elif a == 7 %}B{% else %}C{% endif %}",
    "{% if a == 1 %}A{% elif a == 2 %}B{% else %}C{% endif %}",
    "{% if nope %}A{% endif %}B",
    "{% if a if b else c %}x{% endif %}",
    "{% if (a if b else 0) %}x{% endif %}",
    "{% if 1, %}x{% endif %}",
    "{% if %}x{% endif %}",
    "{% if true %}x",
    "{% if true %}x{% endfor %}",
    "{% endif %}",
    "{% nosuch %}",
    "{% if true: %}x{% endif %}",
    "{% for x in xs %}{{ x }},{% endfor %}",
    "{% for x in empty %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in xs %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in nope %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in none %}{{ x }}{% endfor %}",
    "{% for x in 5 %}{{ x }}{% endfor %}",
    "{% for x in xs if x > 1 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% endfor %}",
    "{% for x in xs if x > 9 %}{{ x }}{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}",
    "{% for c in 'añ🤖' %}[{{ c }}]{% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, b in [1] %}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% for a, b in [(1,)] %}{% endfor %}",
    "{% for a, b in ['xy'] %}{{ b }}{% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}"
    "{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
    "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
    "{% for x in xs %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}",
    "{% for x in xs %}{{ loop }}{% endfor %}",
    "{% for x in xs %}{{ loop.nosuch }}{% endfor %}",
    "{% for x in xs %}{{ loop.nosuch.x }}{% endfor %}",
    "{% for x in xs|map('string') %}{{ loop.index }}/{{ loop.length }}{{ loop.last }} {% endfor %}",
    "{% for x in xs|map('string') %}{{ loop.last }}{{ loop.nextitem }}{{ loop.revindex }} {% endfor %}",
    "{% for x in xs %}{% for y in xs %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}",
    "{% for x in xs %}{% set outer = loop %}{% for y in xs %}{{ outer.index }}{% endfor %}{% endfor %}",
    "{{ loop }}{% for x in xs %}{% endfor %}{{ loop is defined }}{{ x is defined }}",
    "{% for loop in xs %}{% endfor %}",
    "{% for x in xs %}{% set loop = 1 %}{% endfor %}",
    "{% set loop = 1 %}{{ loop }}",
    "{% for x in range(10) %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in range(5) %}{% if x % 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in xs %}{% break %}{% else %}else{% endfor %}",
    "{% for x in xs %}{% continue %}{% else %}else{% endfor %}",
    "{% for x in xs %}{% if loop.index == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}",
    "{% for x in xs %}{% for y in xs %}{% break %}{% endfor %}{{ x }}{% endfor %}",
    "{% break %}",
    "{% for x in xs %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
    "{% for x in xs %}{% else %}{% break %}{% endfor %}",
    "{% for n in tree recursive %}{{ n.v }}@{{ loop.depth }}{% if n.kids %}({{ loop(n.kids) }}){% endif %}{% endfor %}",
    "{% for n in tree recursive %}{{ n.v }}{{ loop(n.kids) }}{% else %}.{% endfor %}",
    "{% for n in xs %}{{ loop(xs) }}{% endfor %}",
    "{% for x in xs if loop.index > 1 %}{{ x }}{% endfor %}",
    "{% set ns = namespace(stop=false) %}{% for x in range(9) if not ns.stop %}{{ x }}"
    "{% if x == 2 %}{% set ns.stop = true %}{% endif %}{% endfor %}",
    "{% for x in xs %}{% set y = x %}{% endfor %}{{ y is defined }}",
    "{% set y = 0 %}{% for x in xs %}{{ y }}{% set y = x %}{{ y }} {% endfor %}{{ y }}",
    "{% set y = 0 %}{% if true %}{% set y = 1 %}{% endif %}{{ y }}",
    "{% if false %}{% set a = 1 %}{% endif %}{{ a }}",
    "{% set a = a + 1 %}{{ a }}",
    "{% for x in xs %}{% if loop.first %}{% set y = 5 %}{% endif %}{{ y }}{% endfor %}",
    "{% set x, y = 1, 2 %}{{ x }}{{ y }}",
    "{% set x, y = [1, 2, 3] %}",
    "{% set (x, y) = (1, 2) %}{{ y }}",
    "{% set x = 1, 2 %}{{ x }}",
    "{% set x = 1 if false %}{{ x }}|{{ x is defined }}",
    "{% set 5 = x %}",
    "{% set true = 1 %}",
    "{% set x.y = 1 %}",
    "{% set d.y = 1 %}",
    "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}{{ ns }}{{ ns.y }}|",
    "{% set ns = namespace(x=1) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[]) %}{% for i in xs %}{% set ns.x = ns.x + [i] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}",
    "{% set x %}a{{ 1 }}b{% endset %}{{ x }}{{ x|length }}",
    "{% set x | upper | trim %} ab {% endset %}[{{ x }}]",
    "{% set x %}{% set z = 1 %}{{ z }}{% endset %}{{ x }}{{ z }}",
    "{% for i in xs %}{% set x %}{{ i }}{% if i == 1 %}{% break %}{% endif %}{% endset %}{{ x }}{% endfor %}",
    "{% filter upper %}ab{{ s }}{% endfilter %}",
    "{% filter replace('a', 'b')|upper %}aba{% endfilter %}",
    "{% filter nosuch %}x{% endfilter %}",
    "{% with x = 1, y = 2 %}{{ x }}{{ y }}{% endwith %}{{ x }}",
    "{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}",
    "{% with a = 1, b = a %}{{ b }}{% endwith %}",
    "{% print 1 %}{% print 1, 'a' %}",
    "{% generation %}{{ a }}{% set q = 1 %}{% endgeneration %}{{ q }}",
    "{% for x in xs %}{% generation %}{{ x }}{% endgeneration %}{% endfor %}",
    "{% for x in xs %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
    "{% block b %}{{ a }}{% endblock %}",
    "{% block b %}x{% endblock b %}",
    "{% for x in xs %}{% block b scoped %}{{ x }}{% endblock %}{% endfor %}",
    "{% for x in xs %}{% block b %}{{ x }}.{% endblock %}{% endfor %}",
    "{% macro m(x, y=2) %}{{ x }}-{{ y }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(y=5, x=4) }} {{ m() }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(z=2) }}",
    "{% macro m(x) %}{{ x }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}",
    "{% macro m(x, y=x) %}{{ x }}{{ y }}{% endmacro %}{{ m(1) }}",
    "{% macro m(x=1, y) %}{% endmacro %}",
    "{% macro m(x) %}{{ x.y }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(5) }}",
    "{% macro m() %}{{ a }}{{ later }}{% endmacro %}{% set later = 5 %}{{ m() }}",
    "{% macro m() %}{{ x }}{% endmacro %}{% for x in xs %}{{ m() }}{% endfor %}|",
    "{% macro m() %}{% set q = 1 %}{% endmacro %}{{ m() }}{{ q is defined }}",
    "{% macro m() -%}\n  x\n{%- endmacro %}[{{ m() }}]",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}body{{ a }}{% endcall %}",
    "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(x, y) m() %}{{ x }}{{ y }}{% endcall %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{% if caller %}y{% else %}n{% endif %}{% endmacro %}{{ m() }}",
    "{% macro m() %}x{% endmacro %}{% call m() %}body{% endcall %}",
    "{% call a %}x{% endcall %}",
    "{% macro m(caller) %}{% endmacro %}",
    "{% macro m() %}{{ kwargs }}{% endmacro %}{{ m(b=1, a=2) }}",
    "{{ m() }}{% macro m() %}x{% endmacro %}",
    "{% if true %}{% macro m() %}x{% endmacro %}{% endif %}{{ m() }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m }}",
    "{% macro m() %}{% for i in xs recursive %}{{ i }}{% endfor %}{% endmacro %}{{ m()|length }}",
    "{% macro outer(x) %}{% macro inner(y) %}{{ x }}{{ y }}{% endmacro %}{{ inner(2) }}{% endmacro %}{{ outer(1) }}",
    "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ xs|map('string')|map('upper')|list }}{{ m('&') ~ m('<') }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}",
    "{% set j = joiner('; ') %}{% for x in xs %}{{ j() }}{{ x }}{% endfor %}",
    "{% set g = xs|map('string') %}{{ g|list }}{{ g|list }}",
    "{% set g = xs|select('odd') %}{{ 3 in g }}{{ g|list }}",
    "{% for g, us in users|groupby('age') %}{{ g }}:{% for u in us %}{{ u.name }} {% endfor %}{% endfor %}",
    "{% for g in users|groupby('tags.0', default='-') %}{{ g.grouper }}{{ g.list|length }} {% endfor %}",
    "{% for row in range(5)|batch(2, '-') %}{{ row|join }}|{% endfor %}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% if nope is defined and nope.x %}a{% else %}b{% endif %}",
    "{% if d.b is defined and d.b %}a{% endif %}",
    "{% if a|nosuch %}{% endif %}",
    "{% if false %}{{ a|nosuch }}{% endif %}ok",
    "{% if false %}{% for x in xs %}{{ a|nosuch }}{% endfor %}{% endif %}ok",
    "{% macro m() %}{{ a|nosuch }}{% endmacro %}ok",
    "{{ (a|nosuch) if false else 1 }}",
    "{% set x = 'a' -%}\n  {{- x }}",
    "{%- set x = 1 -%}   {{ x }}",
    "{{ '\\n' }}|{{ \"\\t\" }}|{{ 'a\\\nb' }}|{{ 'multi\nline' }}",
    "{%if a%}x{%endif%}{{a}}",
    "{%-if a-%} x {%-endif-%} y",
    "{{ a }}{{ a\n}}{{\na }}",
    "{% set x = [1,\n 2,\n 3] %}{{ x[\n1] }}",
    "{{ a if a > 5 and\n b < 0 else\n 'no' }}",
    "ß{{ 'é' }}🤖{{ '🤖'|length }}",
    "{% set größe = 1 %}{{ größe }}",
    "{{ messages }}|{{ messages is defined }}",
    "\n\n{{ 1 }}",
    "{% if true %}\n\n\nx\n\n{% endif %}\n\ny",
    "{% for x in xs %}\n{{ x }}\n{% endfor %}\n",
    "{% for x in xs -%}\n{{ x }}\n{%- endfor %}",
    "<{% if true %} {% endif %}>",
    "\t{% set x = 1 %}\t{{ x }}\t{% set y = 2 %}\n\t{{ y }}",
    "{{ 1 }} \n {% if true %}\n{% endif %} \n2",
    "a\u00a0\n\u2003{% if true %}b{% endif %}",
    "a \u00a0 {%- if true -%} \u2003 b{% endif %}",
]

SNIPPETS = ["{{ " + expression + " }}" for expression in EXPRESSIONS] + TEMPLATES
