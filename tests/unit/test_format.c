/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "core/text.h"
#include "unit.h"

#include <string.h>

/* What each format takes and what it refuses, from the RFCs. */
/* clang-format off */
static const char *const date_right[] = {
    "2024-02-29", "1963-06-19", "2000-02-29", "0000-01-01", "9999-12-31", "2026-01-31",
    "2026-04-30",
};
static const char *const date_wrong[] = {
    "", "1963-06-31", "2023-02-29", "1900-02-29", "2100-02-29", "2026-00-10", "2026-13-01",
    "2026-01-00", "2026-01-32", "2026-04-31", "2026-06-31", "2026-09-31", "2026-11-31",
    "06/19/1963", "2013-350", "1998-1-20", "1998-01-1", "1963-06-1৪", "20230328", "2023-W01",
    "2023-W13-2", "2022-W52", "2026-01-01Z", " 2026-01-01", "2026-01-01 ", "+2026-01-01",
    "-0001-01-01", "02026-01-01", "2026–01-01",
};

static const char *const time_right[] = {
    "08:30:06Z", "08:30:06z", "23:59:60Z", "23:59:60+00:00", "01:29:60+01:30", "23:29:60+23:30",
    "15:59:60-08:00", "00:29:60-23:30", "23:20:50.52Z", "08:30:06.283185Z", "08:30:06+00:20",
    "08:30:06-08:00", "00:00:00Z", "23:59:59-23:59", "12:00:00.123456789012345678901234567890Z",
    "00:00:00-00:00",
};
static const char *const time_wrong[] = {
    "", "008:030:006Z", "8:3:6Z", "8:0030:6Z", "22:59:60Z", "23:58:60Z", "22:59:60+00:00",
    "23:59:60+01:00", "23:59:60+00:30", "23:59:60-01:00", "23:59:60-00:30", "23:59:61Z",
    "24:00:00Z", "00:60:00Z", "00:00:61Z", "01:02:03+24:00", "01:02:03+00:60", "01:02:03Z+00:30",
    "08:30:06-8:000", "08:30:06+0100", "08:30:06 PST", "01:01:01,1111", "12:00:00", "12:00:00.52",
    "12:00:00.Z", "1২:00:00Z", "08:30:06#00:20", "ab:cd:efZ", "12:00Z", "12:00:00+", "T12:00:00Z",
    "12:00:00 Z", "12:00:00−08:00",
};

static const char *const date_time_right[] = {
    "1963-06-19T08:30:06.283185Z", "1963-06-19T08:30:06Z", "1937-01-01T12:00:27.87+00:20",
    "1990-12-31T15:59:50.123-08:00", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00",
    "1963-06-19t08:30:06.283185z", "2026-11-23t07:05:00Z", "2024-02-29T00:00:00Z",
    "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1999-01-01T00:59:60+01:00",
};
static const char *const date_time_wrong[] = {
    "", "1998-12-31T23:59:61Z", "1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z",
    "1990-02-31T15:59:59.123-08:00", "1990-12-31T15:59:59-24:00",
    "1963-06-19T08:30:06.28123+01:00Z", "06/19/1963 08:30:06 PST", "2013-350T01:01:01",
    "1963-6-19T08:30:06.283185Z", "1963-06-1T08:30:06.283185Z", "1963-06-1৪T00:00:00Z",
    "1963-06-11T0৪:00:00Z", "1963-06-19", "08:30:06Z", "1963-06-19 08:30:06Z",
    "1963-06-19T08:30:06", "1963-06-19T08:30Z", "1963-06-19T24:00:00Z", "1963-06-19T08:30:06,5Z",
    "+11963-06-19T08:30:06Z", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01",
};

static const char *const duration_right[] = {
    "P4DT12H30M5S", "P4Y", "PT0S", "P0D", "P1M", "PT1M", "PT36H", "P1DT12H", "P2W",
    "P1Y2M3DT4H5M6S", "P1Y2M", "P2M3D", "PT4H5M", "PT5M6S", "P00012D", "P1YT1S",
    "P99999999999999999999999Y",
};
static const char *const duration_wrong[] = {
    "", "PT1D", "4DT12H30M5S", "P", "P1YT", "PT", "P2D1Y", "P1D2H", "P2S", "P1Y2W", "1", "P1",
    "P২Y", "p1y", "P1y", "PT0.5S", "P1,5D", "P-1D", "-P1D", "+P1D", "P1Y2D", "PT1H6S", "P1W2D",
    "P1DT", "P1D ", "PT1H2H", "P1D1D", "P1H", "PT1W", "P1YM", "PS", "PTS", " P1D", "P1YT2M3D",
};

static const char *const email_right[] = {
    "joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "test~@example.com",
    "\"joe bloggs\"@example.com", "\"joe..bloggs\"@example.com", "\"joe@bloggs\"@example.com",
    "\"\"@example.com", "\"a\\\"b\"@example.com", "\"a\\b\"@example.com", "\"\\ \"@example.com",
    "joe.bloggs@[127.0.0.1]", "joe.bloggs@[IPv6:::1]", "joe.bloggs@[ipv6:2001:db8::7]",
    "joe@[IPv6:::ffff:1.2.3.4]", "te.s.t@example.com", "a@b", "!#$%&'*+-/=?^_`{|}~@a-1.b",
    "te~st+x@xn--bcher-kva.example", "1@2",
};
static const char *const email_wrong[] = {
    "", "2962", "a", "@", "@b", "a@", "a@b@c", ".test@example.com", "test.@example.com",
    "te..st@example.com", "joe.bloggs@invalid=domain.com", "joe.bloggs@[127.0.0.300]",
    "joe@[127.0.0.1", "joe@127.0.0.1]", "joe@[IPv6:1::2::3]", "joe@[IPv6:127.0.0.1]", "joe@[::1]",
    "joe@[]", "joe@[foo:bar]", "joe@[IPv6:fe80::1%eth0]", "user1@oceania.org, user2@oceania.org",
    "\"Winston Smith\" <winston.smith@recdep.minitrue> (Records Department)", "<a@b>",
    "joe bloggs@example.com", "a b@c", "\"a\"b@c", "a\"b\"@c", "\"a@c", "\"a\"\"@c", "\"a\\\"@c",
    "\"a\tb\"@c", "\"a\177\"@c", "\"a\nb\"@c", "\"ë\"@c", "ë@c", "a@ë.example", "a@-b", "a@b-",
    "a@b..c", "a@.b", "a@b.", "a@b_c", "a@b c", "a@b\nBcc: c@d", "a@(comment)b", "a(x)@b", " a@b",
    "a@b ", "a\\@b@c", "a,b@c", "a;b@c", "a[b@c",
};

static const char *const idn_email_right[] = {
    "실례@실례.테스트", "joe.bloggs@example.com", "bücher@bücher.example", "ñ.é@a",
    "\"실 례\"@실례.테스트", "δοκιμή@παράδειγμα.δοκιμή", "用户@例子.公司", "ë@[127.0.0.1]",
    "ë@[IPv6:::1]", "ë@xn--bcher-kva.example", "ë@ab--cd",
};
static const char *const idn_email_wrong[] = {
    "", "2962", "@실례", "실례", "실례@", "실례@실례@테스트", ".é@a", "é.@a", "é..é@a", "é @a",
    "é@a b", "é@-실례", "é@l·a", "é@\343\200\256실례.테스트", "é@xn--X.é", "\"é@a",
    "é@[127.0.0.300]", "é@a..b",
};

static const char *const hostname_right[] = {
    "www.example.com", "xn--4gbwdl.xn--wgbh1c", "hostname", "host-name", "h0stn4me", "1host",
    "hostnam3", "a", "A.B", "r3---sn-abc.example", "ab--cd", "xn--bcher-kva.example",
    "XN--BCHER-KVA", "xn--ihqwcrb4cv8a8dqg056pqjye", "xn--zca29lwxobi7a", "xn--qmbc", "xn--ll-0ea",
    "xn--wva3je", "xn--4dbc5h", "xn--4dbc8h", "xn--k8j5u", "xn--bck0j", "xn--vek778f", "xn--ngba1o",
    "xn--0-gyc", "xn--11b2ezcw70k", "xn--11b2ezcs70k", "xn--ngba5hb2804a",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.com",
};
static const char *const hostname_wrong[] = {
    "", ".", "-a-host-name-that-starts-with--", "not_a_valid_host_name",
    "a-vvvvvvvvvvvvvvvveeeeeeeeeeeeeeeerrrrrrrrrrrrrrrryyyyyyyyyyyyyyyy-long-host-name-component",
    "-hostname", "hostname-", "_hostname", "hostname_", "host_name",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl.com", "hostname.",
    ".hostname", "a..b", "example．com", "a。b", "bücher.example", "a b", "a\nb", "a/b", "a:80",
    "[::1]", "a@b", "a.-b", "a-.b", "xn--X", "xn--", "xn--a_b", "XN--aa---o47jg78q",
    "xn--hello-txk", "xn--hello-zed", "xn--hello-6bf", "xn--al-0ea", "xn--l-fda", "xn--la-0ea",
    "xn--l-gda", "xn--07jt112bpxg", "xn--iba", "xn--a-2hc5h", "xn--11b2er09f", "xn--abc-",
    "xn--99999999999", "xn---epa", "xn--bcher-kva8", "a.xn--X.b", "*.example.com",
};

static const char *const idn_hostname_right[] = {
    "실례.테스트", "example.com", "xn--ihqwcrb4cv8a8dqg056pqjye", "ßς་〇", "\333\275\333\276",
    "l·l", "α͵β", "\327\220\327\263\327\221", "\327\220\327\264\327\221", "・ぁ", "・ァ", "・丈",
    "\330\250\331\240\330\250", "۰0", "क\340\245\215\342\200\215ष", "क\340\245\215\342\200\214ष",
    "\330\250\331\212\342\200\214\330\250\331\212", "hostname", "host-name", "h0stn4me", "1host",
    "hostnam3", "a.b", "a。b", "a．b", "a｡b", "bücher.example", "straße.de", "παράδειγμα.δοκιμή",
    "правда.рф", "例子.测试", "faß", "xn--bcher-kva.例子", "ascii.実例", "ñandú", "クリス・レア",
    "๑", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk。com", "ファッション",
};
static const char *const idn_hostname_wrong[] = {
    "", "\343\200\256실례.테스트", "실\343\200\256례.테스트",
    "실실실실실실실실실실실실실실실실실실실실실실실실실실례례테스트례례례례례례례례례례례례례례례례례테스트례례례례례례례례례례례례례례례례례례례테스트례례례례례례례례례례례례테스트례례실례.테스트",
    "-> $1.00 --", "xn--X", "XN--aa---o47jg78q", "-hello", "hello-", "-hello-", "\340\244\203hello",
    "\314\200hello", "\322\210hello", "\331\200\337\272", "〱〲〳〴〵\343\200\256\343\200\257〻",
    "a·l", "·l", "l·a", "l·", "α͵S", "α͵", "A\327\263\327\221", "\327\263\327\221",
    "A\327\264\327\221", "\327\264\327\221", "def・abc", "・", "\330\250\331\240۰",
    "क\342\200\215ष", "\342\200\215ष", "क\342\200\214ष", "abc\342\200\214def", ".", "。", "．", "｡",
    ".hostname", "。hostname", "hostname.", "hostname。", "a..b", "a。。b", "aa--ü", "ab--cd", "-ü",
    "ü-", "Ü", "u\314\210", "a_ü", "a ü", "ü/", "a_b", "😀", "≠", "ａ", "ª", "ẞ", "a\315\270",
    "a\330\250\331\240", "\327\220a", "0\327\220", "﷽", "a\302\255", "a\342\200\250b", "�",
    "a\331\200", "\343\200\256",
};

static const char *const ipv4_right[] = {
    "192.168.0.1", "0.0.0.0", "255.255.255.255", "127.0.0.1", "1.2.3.4", "10.0.0.249",
};
static const char *const ipv4_wrong[] = {
    "", "127.0.0.0.1", "256.256.256.256", "127.0", "0x7f000001", "2130706433", "087.10.0.1",
    "87.10.0.01", "1২7.0.0.1", "192.168.1.0/24", "1.2.3", "1.2.3.", "1..2.3", ".1.2.3", "1.2.3.4.",
    "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.0x4", "1.2.3.1000", "00.0.0.0",
    "１.2.3.4", "1.2.3.4\n", "::1",
};

static const char *const ipv6_right[] = {
    "::1", "::", "::abef", "2001:db8::7", "fe80::1", "1:2:3:4:5:6:7:8", "::42:ff:1", "d6::",
    "1:d6::42", "::ffff:192.168.0.1", "1:2::192.168.0.1", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4",
    "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "1::3:4:5:6:7:8",
    "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "2001:DB8:0:0:8:800:200C:417A", "0:0:0:0:0:0:0:0",
    "::ffff:ffff:255.255.255.255", "1:2:3:4:5::1.2.3.4", "64:ff9b::192.0.2.33",
};
static const char *const ipv6_wrong[] = {
    "", "12345::", "::abcef", "1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1", "::laptop", ":2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:", ":2:3:4::8", "1:d6::42::9", "1::d6:192.168.256.1", "1:2::192.168.ff.1",
    "::ffff:192.168.0.1.2", "::ffff:192.168.0", "1:2:3:4:5:::8", "1:2:3:4:5:6:7", "1", "127.0.0.1",
    "1:2:3:4:1.2.3", "  ::1", "::1  ", "fe80::/64", "fe80::a%eth1", "fe80::1%25eth1",
    "1000:1000:1000:1000:1000:1000:255.255.255.255:1",
    "100:100:100:100:100:100:100:255.255.255.255", "100:100:100:100:100:100:255.255.255.255.255",
    "1:2:3:4:5:6:7:৪", "1:2::192.16৪.0.1", ":", "1:", ":1", ":::", "::1::", "[::1]",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1::2:3:4:5:6:7:1.2.3.4",
    "::01.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "2001:db8::7\n", "-1::", "::g",
};

static const char *const uri_right[] = {
    "http://foo.bar/?baz=qux#quuz", "http://foo.com/blah_(wikipedia)_blah#cite-1",
    "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
    "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
    "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
    "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
    "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
    "urn:oasis:names:docbook:dtd:xml:4.1.2", "file:///etc/passwd",
    "postgresql://a:b@127.0.0.1:5432/db", "amqp://u:p@h:5672/%2f", "http://h:/", "http://h:", "a:",
    "a:/", "a:b", "a:b:c", "http://", "http:///x", "http://@/", "http://:@:/",
    "http://[v1.fe80::a+en1]/", "http://[V7F.a:b]", "http://a?", "http://a#", "http://a/?#",
    "http://a/?/?", "http://a/#/?:@", "a+b-c.d://e", "data:,A%20brief%20note", "http://a/b//c",
    "http://[::ffff:1.2.3.4]:8080/", "http://0x7f.1/", "HTTP://A/",
};
static const char *const uri_wrong[] = {
    "http:// shouldfail.com", ":// should fail", "bar,baz:foo", "https://[@example.org/test.txt",
    "https://example.org/foobar\\.txt", "https://example.org/foobar<>.txt",
    "https://example.org/foobar{}.txt", "https://example.org/foobar^.txt",
    "https://example.org/foobar`.txt", "https://example.org/foo bar.txt",
    "https://example.org/foobar|.txt", "http://foo.bar/%zz", "http://foo.bar/%4",
    "http://foo.bar/%", "http://foo.bar/%a", "http://a/\"", "http://a/#a#b", "http://[::1",
    "http://[]/", "http://a/[", "http://a/]", "http://a?[", "http://a#[", "http://h:8o/",
    "http://h:80:80/", "http://[::1]x/", "http://[::1]:x/", "http://[1:2]/", "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]", "http://[1.2.3.4]", "http://[v.a]", "http://[v1.]", "http://[vz.a]",
    "http://[v1.a%20]", "http://a@b@c/", "http://u@[::1", "1a:b", "+a:b", "-a:b", "http://a\n",
    "http://a\\b", "http://a/\177", " http://a", "http://a ",
    "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "", "//foo.bar/?baz=qux#quuz", "/abc", "abc",
    "#fragment", "?query", "../a", "./a:b", "a/b:c", "%41", "//", "///", "//[::1]/", "a;b=c", "*",
    "@", "a@b", "/a:b", "\\\\WINDOWS\\fileshare", ":a", "a b:c", "http://ë/", "http://a/ë",
    "a%41:b",
};

static const char *const uri_reference_right[] = {
    "http://foo.bar/?baz=qux#quuz", "http://foo.com/blah_(wikipedia)_blah#cite-1",
    "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
    "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
    "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
    "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
    "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
    "urn:oasis:names:docbook:dtd:xml:4.1.2", "file:///etc/passwd",
    "postgresql://a:b@127.0.0.1:5432/db", "amqp://u:p@h:5672/%2f", "http://h:/", "http://h:", "a:",
    "a:/", "a:b", "a:b:c", "http://", "http:///x", "http://@/", "http://:@:/",
    "http://[v1.fe80::a+en1]/", "http://[V7F.a:b]", "http://a?", "http://a#", "http://a/?#",
    "http://a/?/?", "http://a/#/?:@", "a+b-c.d://e", "data:,A%20brief%20note", "http://a/b//c",
    "http://[::ffff:1.2.3.4]:8080/", "http://0x7f.1/", "HTTP://A/", "", "//foo.bar/?baz=qux#quuz",
    "/abc", "abc", "#fragment", "?query", "../a", "./a:b", "a/b:c", "%41", "//", "///", "//[::1]/",
    "a;b=c", "*", "@", "a@b", "/a:b",
};
static const char *const uri_reference_wrong[] = {
    "http:// shouldfail.com", ":// should fail", "bar,baz:foo", "https://[@example.org/test.txt",
    "https://example.org/foobar\\.txt", "https://example.org/foobar<>.txt",
    "https://example.org/foobar{}.txt", "https://example.org/foobar^.txt",
    "https://example.org/foobar`.txt", "https://example.org/foo bar.txt",
    "https://example.org/foobar|.txt", "http://foo.bar/%zz", "http://foo.bar/%4",
    "http://foo.bar/%", "http://foo.bar/%a", "http://a/\"", "http://a/#a#b", "http://[::1",
    "http://[]/", "http://a/[", "http://a/]", "http://a?[", "http://a#[", "http://h:8o/",
    "http://h:80:80/", "http://[::1]x/", "http://[::1]:x/", "http://[1:2]/", "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]", "http://[1.2.3.4]", "http://[v.a]", "http://[v1.]", "http://[vz.a]",
    "http://[v1.a%20]", "http://a@b@c/", "http://u@[::1", "1a:b", "+a:b", "-a:b", "http://a\n",
    "http://a\\b", "http://a/\177", " http://a", "http://a ",
    "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "\\\\WINDOWS\\fileshare", "#frag\\ment", ":a",
    "1:a", "a%41:b", "%:", "#ë", "ë", "a b", "//[", "//a:b", "/%", "?%1", "#%zz", "<a>", "{a}",
    "//h:1x",
};

static const char *const iri_right[] = {
    "http://foo.bar/?baz=qux#quuz", "http://foo.com/blah_(wikipedia)_blah#cite-1",
    "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
    "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
    "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
    "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
    "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
    "urn:oasis:names:docbook:dtd:xml:4.1.2", "file:///etc/passwd",
    "postgresql://a:b@127.0.0.1:5432/db", "amqp://u:p@h:5672/%2f", "http://h:/", "http://h:", "a:",
    "a:/", "a:b", "a:b:c", "http://", "http:///x", "http://@/", "http://:@:/",
    "http://[v1.fe80::a+en1]/", "http://[V7F.a:b]", "http://a?", "http://a#", "http://a/?#",
    "http://a/?/?", "http://a/#/?:@", "a+b-c.d://e", "data:,A%20brief%20note", "http://a/b//c",
    "http://[::ffff:1.2.3.4]:8080/", "http://0x7f.1/", "HTTP://A/", "http://ƒøø.ßår/?∂éœ=πîx#πîüx",
    "http://ƒøø.com/blah_(wîkïpédia)_blah#ßité-1", "http://ƒøø.ßår/?q=Test%20URL-encoded%20stuff",
    "http://用户:密码@例子.公司:80/路", "http://a/?\356\200\200", "http://a/?\363\260\200\200",
    "http://a/𐀀", "http://a/\355\237\277", "http://a/豈",
};
static const char *const iri_wrong[] = {
    "http:// shouldfail.com", ":// should fail", "bar,baz:foo", "https://[@example.org/test.txt",
    "https://example.org/foobar\\.txt", "https://example.org/foobar<>.txt",
    "https://example.org/foobar{}.txt", "https://example.org/foobar^.txt",
    "https://example.org/foobar`.txt", "https://example.org/foo bar.txt",
    "https://example.org/foobar|.txt", "http://foo.bar/%zz", "http://foo.bar/%4",
    "http://foo.bar/%", "http://foo.bar/%a", "http://a/\"", "http://a/#a#b", "http://[::1",
    "http://[]/", "http://a/[", "http://a/]", "http://a?[", "http://a#[", "http://h:8o/",
    "http://h:80:80/", "http://[::1]x/", "http://[::1]:x/", "http://[1:2]/", "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]", "http://[1.2.3.4]", "http://[v.a]", "http://[v1.]", "http://[vz.a]",
    "http://[v1.a%20]", "http://a@b@c/", "http://u@[::1", "1a:b", "+a:b", "-a:b", "http://a\n",
    "http://a\\b", "http://a/\177", " http://a", "http://a ",
    "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "", "//foo.bar/?baz=qux#quuz", "/abc", "abc",
    "#fragment", "?query", "../a", "./a:b", "a/b:c", "%41", "//", "///", "//[::1]/", "a;b=c", "*",
    "@", "a@b", "/a:b", "âππ", "\\\\WINDOWS\\filëßåré", "//ƒøø.ßår/?∂éœ=πîx#πîüx", "é:a",
    "http://a/\356\200\200", "http://a/#\356\200\200", "http://a/\357\267\220",
    "http://a/\357\277\260", "http://a/�", "http://a/\357\277\276", "http://a/\360\237\277\276",
    "http://a/\363\240\200\201", "http://a/\302\205", "http://a/\302\237", "http://[::é]/",
    "http://h:８/", "http://a/%é",
};

static const char *const iri_reference_right[] = {
    "http://foo.bar/?baz=qux#quuz", "http://foo.com/blah_(wikipedia)_blah#cite-1",
    "http://foo.bar/?q=Test%20URL-encoded%20stuff", "http://xn--nw2a.xn--j6w193g/",
    "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com", "http://223.255.255.254",
    "ftp://ftp.is.co.za/rfc/rfc1808.txt", "http://www.ietf.org/rfc/rfc2396.txt",
    "ldap://[2001:db8::7]/c=GB?objectClass?one", "mailto:John.Doe@example.com",
    "news:comp.infosystems.www.servers.unix", "tel:+1-816-555-1212",
    "urn:oasis:names:docbook:dtd:xml:4.1.2", "file:///etc/passwd",
    "postgresql://a:b@127.0.0.1:5432/db", "amqp://u:p@h:5672/%2f", "http://h:/", "http://h:", "a:",
    "a:/", "a:b", "a:b:c", "http://", "http:///x", "http://@/", "http://:@:/",
    "http://[v1.fe80::a+en1]/", "http://[V7F.a:b]", "http://a?", "http://a#", "http://a/?#",
    "http://a/?/?", "http://a/#/?:@", "a+b-c.d://e", "data:,A%20brief%20note", "http://a/b//c",
    "http://[::ffff:1.2.3.4]:8080/", "http://0x7f.1/", "HTTP://A/", "http://ƒøø.ßår/?∂éœ=πîx#πîüx",
    "http://ƒøø.com/blah_(wîkïpédia)_blah#ßité-1", "http://ƒøø.ßår/?q=Test%20URL-encoded%20stuff",
    "http://用户:密码@例子.公司:80/路", "http://a/?\356\200\200", "http://a/?\363\260\200\200",
    "http://a/𐀀", "http://a/\355\237\277", "http://a/豈", "", "//foo.bar/?baz=qux#quuz", "/abc",
    "abc", "#fragment", "?query", "../a", "./a:b", "a/b:c", "%41", "//", "///", "//[::1]/", "a;b=c",
    "*", "@", "a@b", "/a:b", "//ƒøø.ßår/?∂éœ=πîx#πîüx", "/âππ", "âππ", "#ƒrägmênt", "?é", "é/a:b",
    "#é",
};
static const char *const iri_reference_wrong[] = {
    "http:// shouldfail.com", ":// should fail", "bar,baz:foo", "https://[@example.org/test.txt",
    "https://example.org/foobar\\.txt", "https://example.org/foobar<>.txt",
    "https://example.org/foobar{}.txt", "https://example.org/foobar^.txt",
    "https://example.org/foobar`.txt", "https://example.org/foo bar.txt",
    "https://example.org/foobar|.txt", "http://foo.bar/%zz", "http://foo.bar/%4",
    "http://foo.bar/%", "http://foo.bar/%a", "http://a/\"", "http://a/#a#b", "http://[::1",
    "http://[]/", "http://a/[", "http://a/]", "http://a?[", "http://a#[", "http://h:8o/",
    "http://h:80:80/", "http://[::1]x/", "http://[::1]:x/", "http://[1:2]/", "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]", "http://[1.2.3.4]", "http://[v.a]", "http://[v1.]", "http://[vz.a]",
    "http://[v1.a%20]", "http://a@b@c/", "http://u@[::1", "1a:b", "+a:b", "-a:b", "http://a\n",
    "http://a\\b", "http://a/\177", " http://a", "http://a ",
    "http://2001:0db8:85a3:0000:0000:8a2e:0370:7334", "\\\\WINDOWS\\filëßåré", "#ƒräg\\mênt", "é:a",
    ":é", "#\356\200\200", "\356\200\200", "é é", "<é>",
};

static const char *const uri_template_right[] = {
    "", "http://example.com/dictionary/{term:1}/{term}", "http://example.com/dictionary",
    "dictionary/{term:1}/{term}", "{var}", "{+var}", "{#var}", "{.var}", "{/var}", "{;var}",
    "{?var}", "{&var}", "{x,y}", "{+x,hello,y}", "{+path,x}/here", "{/list*}", "{?keys*}",
    "{var:3}", "{var:9999}", "{a.b}", "{a.b.c*}", "{%41}", "{a%41b}", "{_}", "{1}", "{=x}", "{,x}",
    "{!x}", "{@x}", "{|x}", "a%20b", "é{x}", "http://[::1]/{x}", "{x}{y}", "{keys*,b:2}", "~{x}",
    "http://a/?b#c", "'a'",
};
static const char *const uri_template_wrong[] = {
    "http://example.com/dictionary/{term:1}/{term", "{", "}", "{}", "{{x}}", "{x}}", "a}b", "{x y}",
    "{x:}", "{x:0}", "{x:01}", "{x:10000}", "{x:a}", "{x**}", "{x*:1}", "{x:1*}", "{*x}", "{x,}",
    "{,}", "{x,,y}", "{+}", "{++x}", "{.}", "{a..b}", "{a.}", "{-x}", "{x-y}", "{é}", "{%4}", "{%}",
    "{x%zz}", "%", "%4", "a b", "<", "a\"b", "a\\b", "^", "`", "|", "\n", "a{x", "{x}{", "\177",
    "\302\200", "{x:-1}", "{$x}", "{x|y}",
};

static const char *const json_pointer_right[] = {
    "", "/", "/foo", "/foo/0", "/a~1b", "/m~0n", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\\\"l", "/ ",
    "//", "/foo//bar", "/foo/bar/", "/~01", "/~00", "/~10", "/-", "/foo/-", "/é", "/#",
};
static const char *const json_pointer_wrong[] = {
    "#", "#/", "#a", "foo", "0", "a/a", "/~", "/foo/bar~", "/~2", "/~a", "/~~", "/~-", "/~~0",
    "/~ 0", "~0", "~", "./a", " /a",
};

static const char *const relative_json_pointer_right[] = {
    "1", "0", "0/foo/bar", "2/0/baz/1/zip", "0#", "10", "120/foo/bar", "1/", "0/", "0//", "1/~0",
    "99999999999999999999#", "1#",
};
static const char *const relative_json_pointer_wrong[] = {
    "", "/foo/bar", "-1/foo/bar", "+1/foo/bar", "0##", "01/a", "01#", "00", "a", "#", "1a", "1~0",
    "1/~", "1/~2", "1#/a", "1 #", " 1", "1.0", "১", "1##", "0x1",
};

static const char *const uuid_right[] = {
    "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    "2eb8aa08-AA98-11ea-B4Aa-73B441D16380", "00000000-0000-0000-0000-000000000000",
    "98d80576-482e-427f-8434-7f86890ab222", "99c17cbb-656f-564a-940f-1a4520d3aa81",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
};
static const char *const uuid_wrong[] = {
    "", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08-aa98-11ea-73b441d16380",
    "2eb8aa08-aa98-11ea-b4ga-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380",
    "2eb8aa08aa98-11ea-b4aa73b441d16380", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380",
    "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}", "urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    "2eb8aa08-aa98-11ea-b4aa-73b441d163800", "2eb8aa08-aa98-11ea-b4aa-73b441d1638 ",
    " 2eb8aa08-aa98-11ea-b4aa-73b441d1638",
};

static const char *const regex_right[] = {
    "", "a", "([abc])+\\s+$", "^a{1,2}$", "(?:a)", "(?=a)", "(?<=a+)b", "(?<!ab|c)d",
    "(?<name>a)\\k<name>", "\\p{Letter}", "\\p{Script=Greek}", "\\u{1F600}", "\\cA", "\\/",
    "[\\b\\-]", "[]", "[^]", "\\0", "(a)\\1",
};
static const char *const regex_wrong[] = {
    "^(abc]", "(", "a{2,1}", "{", "}", "]", "*", "a**", "a{", "\\a", "\\Z", "^\\S(|(.|\\n)*\\S)\\Z",
    "\\Q", "(?i)a", "(?>a)", "a++", "\\1", "\\k<a>", "[b-a]", "[\\d-x]", "\\p{Digit}", "\\p{foo}",
    "(?<a>.)(?<a>.)", "(?=a)*", "^*", "\\u{110000}", "\\x4", "\\u12", "\\c1", "\\01", "(?#a)", "\\",
};

static const struct {
    const char *name;
    const char *const *right;
    size_t right_count;
    const char *const *wrong;
    size_t wrong_count;
} formats[] = {
    {"date", date_right, COUNT_OF(date_right), date_wrong, COUNT_OF(date_wrong)},
    {"time", time_right, COUNT_OF(time_right), time_wrong, COUNT_OF(time_wrong)},
    {"date-time", date_time_right, COUNT_OF(date_time_right), date_time_wrong, COUNT_OF(date_time_wrong)},
    {"duration", duration_right, COUNT_OF(duration_right), duration_wrong, COUNT_OF(duration_wrong)},
    {"email", email_right, COUNT_OF(email_right), email_wrong, COUNT_OF(email_wrong)},
    {"idn-email", idn_email_right, COUNT_OF(idn_email_right), idn_email_wrong, COUNT_OF(idn_email_wrong)},
    {"hostname", hostname_right, COUNT_OF(hostname_right), hostname_wrong, COUNT_OF(hostname_wrong)},
    {"idn-hostname", idn_hostname_right, COUNT_OF(idn_hostname_right), idn_hostname_wrong, COUNT_OF(idn_hostname_wrong)},
    {"ipv4", ipv4_right, COUNT_OF(ipv4_right), ipv4_wrong, COUNT_OF(ipv4_wrong)},
    {"ipv6", ipv6_right, COUNT_OF(ipv6_right), ipv6_wrong, COUNT_OF(ipv6_wrong)},
    {"uri", uri_right, COUNT_OF(uri_right), uri_wrong, COUNT_OF(uri_wrong)},
    {"uri-reference", uri_reference_right, COUNT_OF(uri_reference_right), uri_reference_wrong, COUNT_OF(uri_reference_wrong)},
    {"iri", iri_right, COUNT_OF(iri_right), iri_wrong, COUNT_OF(iri_wrong)},
    {"iri-reference", iri_reference_right, COUNT_OF(iri_reference_right), iri_reference_wrong, COUNT_OF(iri_reference_wrong)},
    {"uri-template", uri_template_right, COUNT_OF(uri_template_right), uri_template_wrong, COUNT_OF(uri_template_wrong)},
    {"json-pointer", json_pointer_right, COUNT_OF(json_pointer_right), json_pointer_wrong, COUNT_OF(json_pointer_wrong)},
    {"relative-json-pointer", relative_json_pointer_right, COUNT_OF(relative_json_pointer_right), relative_json_pointer_wrong, COUNT_OF(relative_json_pointer_wrong)},
    {"uuid", uuid_right, COUNT_OF(uuid_right), uuid_wrong, COUNT_OF(uuid_wrong)},
    {"regex", regex_right, COUNT_OF(regex_right), regex_wrong, COUNT_OF(regex_wrong)},
};
/* clang-format on */

START_TEST(takes_and_refuses_what_the_rfcs_do)
{
    format_check *check = format_find(formats[_i].name);
    ck_assert_ptr_nonnull(check);
    for (size_t i = 0; i < formats[_i].right_count; i++) {
        const char *text = formats[_i].right[i];
        ck_assert_msg(check(text, strlen(text)), "%s refuses \"%s\"", formats[_i].name, text);
    }
    for (size_t i = 0; i < formats[_i].wrong_count; i++) {
        const char *text = formats[_i].wrong[i];
        ck_assert_msg(!check(text, strlen(text)), "%s takes \"%s\"", formats[_i].name, text);
    }
}
END_TEST

/* Where a check looks beyond the end that it was told, the sanitizers see it. */
START_TEST(keeps_to_the_length_it_was_told)
{
    format_check *check = format_find(formats[_i].name);
    for (size_t i = 0; i < formats[_i].right_count + formats[_i].wrong_count; i++) {
        const char *text = i < formats[_i].right_count
                               ? formats[_i].right[i]
                               : formats[_i].wrong[i - formats[_i].right_count];
        for (size_t length = 0; length <= strlen(text); length++) {
            char *copy = xmalloc(length > 0 ? length : 1);
            memcpy(copy, text, length);
            AUTO(free_text) char *ended = xstrndup(text, length);
            ck_assert_msg(check(copy, length) == check(ended, length), "%s: %s", formats[_i].name,
                          ended);
            free(copy);
        }
    }
}
END_TEST

/* A NUL in the middle ends nothing, and is part of no format but the two that take any text. */
START_TEST(a_nul_is_a_character)
{
    format_check *check = format_find(formats[_i].name);
    bool takes_any =
        strstr(formats[_i].name, "json-pointer") != NULL || strcmp(formats[_i].name, "regex") == 0;
    for (size_t i = 0; i < formats[_i].right_count; i++) {
        size_t length = strlen(formats[_i].right[i]) + 1;
        bool is_pointer = takes_any && memchr(formats[_i].right[i], '/', length) != NULL;
        if (strcmp(formats[_i].name, "regex") != 0 && !is_pointer) {
            ck_assert_msg(!check(formats[_i].right[i], length), "%s: %s and a NUL",
                          formats[_i].name, formats[_i].right[i]);
        }
    }
}
END_TEST

START_TEST(what_is_not_utf8_has_no_format)
{
    static const char *const wrong[] = {"/\xff", "/\xc3",        "/\xed\xa0\x80",
                                        "a\xff", "http://\xff/", "\xc0\x80"};
    format_check *check = format_find(formats[_i].name);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert_msg(!check(wrong[i], strlen(wrong[i])), "%s: %zu", formats[_i].name, i);
    }
}
END_TEST

START_TEST(an_unknown_format_has_no_check)
{
    static const char *const names[] = {"",     "Date",   "int32",    "int64", "float", "double",
                                        "byte", "binary", "password", "color", "date ", "regexp"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ck_assert_msg(format_find(names[i]) == NULL, "%s", names[i]);
    }
}
END_TEST

static void add_times(struct buffer *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        buffer_text(out, text);
    }
}

/* `head`, `part` as often as it says, `tail`. */
static const struct {
    const char *name, *head, *part;
    size_t times;
    const char *tail;
    bool is_right;
} sizes[] = {
    {"email", "", "a", 64, "@b", true},
    {"email", "", "a", 65, "@b", false},
    {"email", "\"", "a", 62, "\"@b", true},
    {"email", "\"", "a", 63, "\"@b", false},
    {"email", "a@", "b", 63, "", true},
    {"email", "a@", "b", 64, "", false},
    {"email", "a@", "b.", 125, "cc", true},
    {"email", "a@", "b.", 125, "ccc", false},
    {"hostname", "", "a.", 126, "b", true},
    {"hostname", "", "a.", 126, "bb", false},
    {"hostname", "", "a", 63, ".b", true},
    {"hostname", "", "a", 64, ".b", false},
    {"idn-hostname", "", "a", 63, "。b", true},
    {"idn-hostname", "", "a", 64, "。b", false},
    {"idn-hostname", "", "\xc3\xbc", 54, "", true},
    {"idn-hostname", "", "\xc3\xbc", 100, "", false},
    {"idn-hostname", "", "\xc3\xbc.", 10000, "a", false},
    {"idn-hostname", "", "\xc3\xbc.", 31, "abcde", true}, /* xn--tda. each: 253 in all */
    {"idn-hostname", "", "\xc3\xbc.", 31, "abcdef", false},
    {"idn-hostname", "", "a.", 126, "b", true},
    {"idn-hostname", "", "a.", 126, "bb", false},
    {"uri", "a:", "b", 1000000, "", true},
    {"uri", "http://[", ":", 1000000, "]", false},
    {"json-pointer", "", "/a", 500000, "", true},
    {"time", "00:00:00.", "1", 1000000, "Z", true},
    {"duration", "P", "1", 1000000, "D", true},
    {"uri-template", "", "{a}", 300000, "", true},
    {"ipv6", "", "0", 1000000, "::", false},
    {"ipv4", "", "1.", 1000000, "1", false},
};

START_TEST(lengths_end_where_the_rfcs_say)
{
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, sizes[_i].head);
    add_times(&text, sizes[_i].part, sizes[_i].times);
    buffer_text(&text, sizes[_i].tail);
    ck_assert(format_find(sizes[_i].name)(text.bytes, text.length) == sizes[_i].is_right);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format");
    TCase *tests = tcase_create("format");
    tcase_add_loop_test(tests, takes_and_refuses_what_the_rfcs_do, 0, COUNT_OF(formats));
    tcase_add_loop_test(tests, keeps_to_the_length_it_was_told, 0, COUNT_OF(formats));
    tcase_add_loop_test(tests, a_nul_is_a_character, 0, COUNT_OF(formats));
    tcase_add_loop_test(tests, what_is_not_utf8_has_no_format, 0, COUNT_OF(formats));
    tcase_add_loop_test(tests, lengths_end_where_the_rfcs_say, 0, COUNT_OF(sizes));
    tcase_add_test(tests, an_unknown_format_has_no_check);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
