/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ecma.h"

#include "core/buffer.h"
#include "core/codec.h"
#include "core/ecma_machine.h"
#include "core/memory.h"
#include "core/pattern.h"
#include "unit.h"

#include <string.h>

/* Verdicts of ECMA-262 with the u flag, as a JavaScript engine gives them, too. */
/* clang-format off */
static const struct {
    const char *pattern;
    const char *text;
    size_t length; /* 0: as far as the first NUL */
    enum pattern_verdict verdict;
} matches[] = {
    {"", "", 0, PATTERN_MATCHES},
    {"", "a", 0, PATTERN_MATCHES},
    {"a", "a", 0, PATTERN_MATCHES},
    {"a", "ba", 0, PATTERN_MATCHES},
    {"a", "b", 0, PATTERN_DIFFERS},
    {"a", "", 0, PATTERN_DIFFERS},
    {"^a$", "a", 0, PATTERN_MATCHES},
    {"^a$", "a\012", 0, PATTERN_DIFFERS},
    {"^a$", "ba", 0, PATTERN_DIFFERS},
    {"^a$", "\012a", 0, PATTERN_DIFFERS},
    {"^\\S+$", "a", 0, PATTERN_MATCHES},
    {"^\\S+$", "a b", 0, PATTERN_DIFFERS},
    {"^\\S+$", "\302\240", 0, PATTERN_DIFFERS},
    {"^\\S+$", "\357\273\277", 0, PATTERN_DIFFERS},
    {"^\\S+$", "\302\205", 0, PATTERN_MATCHES},
    {"^\\S+$", "\341\240\216", 0, PATTERN_MATCHES},
    {"^\\S+$", "a\342\200\250", 0, PATTERN_DIFFERS},
    {"^\\s$", " ", 0, PATTERN_MATCHES},
    {"^\\s$", "\011", 0, PATTERN_MATCHES},
    {"^\\s$", "\012", 0, PATTERN_MATCHES},
    {"^\\s$", "\013", 0, PATTERN_MATCHES},
    {"^\\s$", "\014", 0, PATTERN_MATCHES},
    {"^\\s$", "\015", 0, PATTERN_MATCHES},
    {"^\\s$", "\302\240", 0, PATTERN_MATCHES},
    {"^\\s$", "\341\232\200", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\200\200", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\200\212", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\200\250", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\200\251", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\200\257", 0, PATTERN_MATCHES},
    {"^\\s$", "\342\201\237", 0, PATTERN_MATCHES},
    {"^\\s$", "\343\200\200", 0, PATTERN_MATCHES},
    {"^\\s$", "\357\273\277", 0, PATTERN_MATCHES},
    {"^\\s$", "\302\205", 0, PATTERN_DIFFERS},
    {"^\\s$", "\341\240\216", 0, PATTERN_DIFFERS},
    {"^\\s$", "\342\200\213", 0, PATTERN_DIFFERS},
    {"^\\s$", "\034", 0, PATTERN_DIFFERS},
    {"^\\s$", "a", 0, PATTERN_DIFFERS},
    {"^[\\s]$", "\357\273\277", 0, PATTERN_MATCHES},
    {"^[\\s]$", "\302\205", 0, PATTERN_DIFFERS},
    {"^[^\\s]$", "\357\273\277", 0, PATTERN_DIFFERS},
    {"^[^\\s]$", "\302\205", 0, PATTERN_MATCHES},
    {"^[\\S]$", "\357\273\277", 0, PATTERN_DIFFERS},
    {"^[\\S]$", "x", 0, PATTERN_MATCHES},
    {"^[^\\S]$", "\343\200\200", 0, PATTERN_MATCHES},
    {"^[^\\S]$", "x", 0, PATTERN_DIFFERS},
    {"^\\d$", "0", 0, PATTERN_MATCHES},
    {"^\\d$", "9", 0, PATTERN_MATCHES},
    {"^\\d$", "a", 0, PATTERN_DIFFERS},
    {"^\\d$", "\340\247\252", 0, PATTERN_DIFFERS},
    {"^\\d$", "\331\240", 0, PATTERN_DIFFERS},
    {"^\\d$", "\357\274\221", 0, PATTERN_DIFFERS},
    {"^\\D$", "0", 0, PATTERN_DIFFERS},
    {"^\\D$", "\340\247\252", 0, PATTERN_MATCHES},
    {"^\\D$", "é", 0, PATTERN_MATCHES},
    {"^\\w+$", "aZ09_", 0, PATTERN_MATCHES},
    {"^\\w+$", "é", 0, PATTERN_DIFFERS},
    {"^\\w+$", "ſ", 0, PATTERN_DIFFERS},
    {"^\\w+$", "K", 0, PATTERN_DIFFERS},
    {"^\\w+$", "-", 0, PATTERN_DIFFERS},
    {"^\\W$", "é", 0, PATTERN_MATCHES},
    {"^\\W$", "a", 0, PATTERN_DIFFERS},
    {"^\\W$", "😀", 0, PATTERN_MATCHES},
    {"^[\\w-]+$", "a-b", 0, PATTERN_MATCHES},
    {"^[\\w-]+$", "é", 0, PATTERN_DIFFERS},
    {"^.$", "a", 0, PATTERN_MATCHES},
    {"^.$", "\012", 0, PATTERN_DIFFERS},
    {"^.$", "\015", 0, PATTERN_DIFFERS},
    {"^.$", "\342\200\250", 0, PATTERN_DIFFERS},
    {"^.$", "\342\200\251", 0, PATTERN_DIFFERS},
    {"^.$", "\302\205", 0, PATTERN_MATCHES},
    {"^.$", "😀", 0, PATTERN_MATCHES},
    {"^.$", "\000", 1, PATTERN_MATCHES},
    {"^.$", "\013", 0, PATTERN_MATCHES},
    {"^..$", "😀", 0, PATTERN_DIFFERS},
    {"^..$", "ab", 0, PATTERN_MATCHES},
    {"^[^]$", "\012", 0, PATTERN_MATCHES},
    {"^[^]$", "😀", 0, PATTERN_MATCHES},
    {"^[^]$", "", 0, PATTERN_DIFFERS},
    {"[]", "a", 0, PATTERN_DIFFERS},
    {"[]", "", 0, PATTERN_DIFFERS},
    {"^a[]?$", "a", 0, PATTERN_MATCHES},
    {"^a[]?$", "b", 0, PATTERN_DIFFERS},
    {"^[^a]$", "b", 0, PATTERN_MATCHES},
    {"^[^a]$", "\012", 0, PATTERN_MATCHES},
    {"^[^a]$", "😀", 0, PATTERN_MATCHES},
    {"^[^a]$", "a", 0, PATTERN_DIFFERS},
    {"a$", "a\012", 0, PATTERN_DIFFERS},
    {"a$", "a", 0, PATTERN_MATCHES},
    {"^b", "a\012b", 0, PATTERN_DIFFERS},
    {"^b", "b", 0, PATTERN_MATCHES},
    {"\\bfoo\\b", "a foo b", 0, PATTERN_MATCHES},
    {"\\bfoo\\b", "foobar", 0, PATTERN_DIFFERS},
    {"\\bfoo\\b", "éfoo", 0, PATTERN_MATCHES},
    {"\\bfoo\\b", "foo", 0, PATTERN_MATCHES},
    {"\\Boo", "foo", 0, PATTERN_MATCHES},
    {"\\Boo", "oo", 0, PATTERN_DIFFERS},
    {"^\\b", "é", 0, PATTERN_DIFFERS},
    {"^\\b", "a", 0, PATTERN_MATCHES},
    {"^\\cA$", "\001", 0, PATTERN_MATCHES},
    {"^\\cA$", "A", 0, PATTERN_DIFFERS},
    {"^\\cz$", "\032", 0, PATTERN_MATCHES},
    {"^\\0$", "\000", 1, PATTERN_MATCHES},
    {"^\\0$", "0", 0, PATTERN_DIFFERS},
    {"^[\\0]$", "\000", 1, PATTERN_MATCHES},
    {"^\\x41$", "A", 0, PATTERN_MATCHES},
    {"^\\x41$", "x41", 0, PATTERN_DIFFERS},
    {"^\\u0041$", "A", 0, PATTERN_MATCHES},
    {"^\\u{41}$", "A", 0, PATTERN_MATCHES},
    {"^\\u{41}$", "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", 0, PATTERN_DIFFERS},
    {"^\\u{0000041}$", "A", 0, PATTERN_MATCHES},
    {"^\\u{1F600}$", "😀", 0, PATTERN_MATCHES},
    {"^\\ud83d\\ude00$", "😀", 0, PATTERN_MATCHES},
    {"^[\\ud83d\\ude00]$", "😀", 0, PATTERN_MATCHES},
    {"^[\\ud83d\\ude00]$", "x", 0, PATTERN_DIFFERS},
    {"^[\\u{1F600}-\\u{1F64F}]$", "😀", 0, PATTERN_MATCHES},
    {"^[\\u{1F600}-\\u{1F64F}]$", "🙏", 0, PATTERN_MATCHES},
    {"^[\\u{1F600}-\\u{1F64F}]$", "🚀", 0, PATTERN_DIFFERS},
    {"\\ud83d", "😀", 0, PATTERN_DIFFERS},
    {"\\ud83d", "a", 0, PATTERN_DIFFERS},
    {"[\\ud83d]", "😀", 0, PATTERN_DIFFERS},
    {"[\\ud83d]", "a", 0, PATTERN_DIFFERS},
    {"^[^\\ud83d]$", "😀", 0, PATTERN_MATCHES},
    {"^[^\\ud83d]$", "a", 0, PATTERN_MATCHES},
    {"^[\\ud800-\\uffff]$", "\356\200\200", 0, PATTERN_MATCHES},
    {"^[\\ud800-\\uffff]$", "\355\237\277", 0, PATTERN_DIFFERS},
    {"^[\\ud800-\\uffff]$", "\357\277\277", 0, PATTERN_MATCHES},
    {"^\\u{d83d}\\u{de00}$", "😀", 0, PATTERN_DIFFERS},
    {"^😀{2}$", "😀😀", 0, PATTERN_MATCHES},
    {"^😀{2}$", "😀", 0, PATTERN_DIFFERS},
    {"^[😀]{2}$", "😀😀", 0, PATTERN_MATCHES},
    {"^[😀]{2}$", "😀", 0, PATTERN_DIFFERS},
    {"^\\/\\.-\\n$", "/.-\012", 0, PATTERN_MATCHES},
    {"^[\\-\\b\\^\\]]+$", "-\010^]", 0, PATTERN_MATCHES},
    {"^[\\-\\b\\^\\]]+$", "a", 0, PATTERN_DIFFERS},
    {"^\\t\\v\\f\\r$", "\011\013\014\015", 0, PATTERN_MATCHES},
    {"^[a-c-e]+$", "abc-e", 0, PATTERN_MATCHES},
    {"^[a-c-e]+$", "d", 0, PATTERN_DIFFERS},
    {"^[-a]$", "-", 0, PATTERN_MATCHES},
    {"^[-a]$", "a", 0, PATTERN_MATCHES},
    {"^[-a]$", "b", 0, PATTERN_DIFFERS},
    {"^[a-]$", "-", 0, PATTERN_MATCHES},
    {"^[a-]$", "a", 0, PATTERN_MATCHES},
    {"^[a-]$", "b", 0, PATTERN_DIFFERS},
    {"^[--/]$", "-", 0, PATTERN_MATCHES},
    {"^[--/]$", ".", 0, PATTERN_MATCHES},
    {"^[--/]$", "/", 0, PATTERN_MATCHES},
    {"^[--/]$", "0", 0, PATTERN_DIFFERS},
    {"^[&&a]$", "&", 0, PATTERN_MATCHES},
    {"^[&&a]$", "a", 0, PATTERN_MATCHES},
    {"^[[a]$", "[", 0, PATTERN_MATCHES},
    {"^[[a]$", "a", 0, PATTERN_MATCHES},
    {"^[[a]$", "b", 0, PATTERN_DIFFERS},
    {"^[(|)*+?{}.$]+$", "(|)*+?{}.$", 0, PATTERN_MATCHES},
    {"^[(|)*+?{}.$]+$", "a", 0, PATTERN_DIFFERS},
    {"^[\\d-]$", "-", 0, PATTERN_MATCHES},
    {"^[\\d-]$", "5", 0, PATTERN_MATCHES},
    {"^[\\d-]$", "a", 0, PATTERN_DIFFERS},
    {"^[a^]$", "^", 0, PATTERN_MATCHES},
    {"^[a^]$", "b", 0, PATTERN_DIFFERS},
    {"^\\p{L}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{L}$", "é", 0, PATTERN_MATCHES},
    {"^\\p{L}$", "字", 0, PATTERN_MATCHES},
    {"^\\p{L}$", "1", 0, PATTERN_DIFFERS},
    {"^\\p{L}$", "😀", 0, PATTERN_DIFFERS},
    {"^\\p{Letter}+$", "aé", 0, PATTERN_MATCHES},
    {"^\\p{Letter}+$", "1", 0, PATTERN_DIFFERS},
    {"^\\P{L}$", "1", 0, PATTERN_MATCHES},
    {"^\\P{L}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{Lu}$", "A", 0, PATTERN_MATCHES},
    {"^\\p{Lu}$", "É", 0, PATTERN_MATCHES},
    {"^\\p{Lu}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{digit}+$", "42", 0, PATTERN_MATCHES},
    {"^\\p{digit}+$", "\340\247\252\340\247\250", 0, PATTERN_MATCHES},
    {"^\\p{digit}+$", "-%#", 0, PATTERN_DIFFERS},
    {"^\\p{Nd}$", "\340\247\252", 0, PATTERN_MATCHES},
    {"^\\p{gc=Nd}$", "\340\247\252", 0, PATTERN_MATCHES},
    {"^\\p{gc=Nd}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{General_Category=Decimal_Number}$", "\340\247\252", 0, PATTERN_MATCHES},
    {"^\\p{Script=Greek}$", "α", 0, PATTERN_MATCHES},
    {"^\\p{Script=Greek}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{sc=Grek}$", "α", 0, PATTERN_MATCHES},
    {"^\\p{sc=Grek}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{Script_Extensions=Deva}$", "\340\245\244", 0, PATTERN_MATCHES},
    {"^\\p{Script_Extensions=Deva}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{sc=Deva}$", "\340\245\244", 0, PATTERN_DIFFERS},
    {"^\\p{sc=Deva}$", "अ", 0, PATTERN_MATCHES},
    {"^\\p{Any}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{Any}$", "\012", 0, PATTERN_MATCHES},
    {"^\\p{Assigned}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{Assigned}$", "\315\270", 0, PATTERN_DIFFERS},
    {"^\\P{Assigned}$", "a", 0, PATTERN_DIFFERS},
    {"^\\P{Assigned}$", "\315\270", 0, PATTERN_MATCHES},
    {"^\\p{ASCII}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{ASCII}$", "é", 0, PATTERN_DIFFERS},
    {"^\\p{Emoji}$", "😀", 0, PATTERN_MATCHES},
    {"^\\p{Emoji}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{White_Space}$", "\302\205", 0, PATTERN_MATCHES},
    {"^\\p{White_Space}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{space}$", "\302\205", 0, PATTERN_MATCHES},
    {"^\\p{space}$", "\357\273\277", 0, PATTERN_DIFFERS},
    {"^[\\p{Lu}\\p{Nd}]+$", "A1", 0, PATTERN_MATCHES},
    {"^[\\p{Lu}\\p{Nd}]+$", "a", 0, PATTERN_DIFFERS},
    {"^[^\\p{L}]$", "1", 0, PATTERN_MATCHES},
    {"^[^\\p{L}]$", "a", 0, PATTERN_DIFFERS},
    {"^[\\P{L}]$", "1", 0, PATTERN_MATCHES},
    {"^[\\P{L}]$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{Lowercase}$", "ª", 0, PATTERN_MATCHES},
    {"^\\p{Lowercase}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{Lowercase}$", "A", 0, PATTERN_DIFFERS},
    {"^\\p{punct}$", ".", 0, PATTERN_MATCHES},
    {"^\\p{punct}$", "+", 0, PATTERN_DIFFERS},
    {"^\\p{cntrl}$", "\001", 0, PATTERN_MATCHES},
    {"^\\p{cntrl}$", "a", 0, PATTERN_DIFFERS},
    {"^\\p{LC}$", "a", 0, PATTERN_MATCHES},
    {"^\\p{LC}$", "字", 0, PATTERN_DIFFERS},
    {"\\p{Letter}cole", "L'Ecole", 0, PATTERN_MATCHES},
    {"\\p{Letter}cole", "L'École", 0, PATTERN_MATCHES},
    {"\\p{Letter}cole", "l'ecole", 0, PATTERN_MATCHES},
    {"^\\p{IDS}\\p{IDC}*$", "aé1", 0, PATTERN_MATCHES},
    {"^\\p{IDS}\\p{IDC}*$", "1a", 0, PATTERN_DIFFERS},
    {"^\\p{Cased_Letter}", "a", 0, PATTERN_MATCHES},
    {"[a-z]cole", "Les hivers de mon école", 0, PATTERN_DIFFERS},
    {"[a-z]cole", "ecole", 0, PATTERN_MATCHES},
    {"\\wcole", "l'école", 0, PATTERN_DIFFERS},
    {"\\wcole", "ecole", 0, PATTERN_MATCHES},
    {"^a{2}$", "aa", 0, PATTERN_MATCHES},
    {"^a{2}$", "aaa", 0, PATTERN_DIFFERS},
    {"^a{2,}$", "aaaa", 0, PATTERN_MATCHES},
    {"^a{2,}$", "a", 0, PATTERN_DIFFERS},
    {"^a{1,2}$", "a", 0, PATTERN_MATCHES},
    {"^a{1,2}$", "aa", 0, PATTERN_MATCHES},
    {"^a{1,2}$", "aaa", 0, PATTERN_DIFFERS},
    {"^a{0}$", "", 0, PATTERN_MATCHES},
    {"^a{0}$", "a", 0, PATTERN_DIFFERS},
    {"^a*?$", "aaa", 0, PATTERN_MATCHES},
    {"^a+?b", "aab", 0, PATTERN_MATCHES},
    {"^(?:a|ab)(?:c|bcd)(?:d*)$", "abcd", 0, PATTERN_MATCHES},
    {"^(a|b)*c$", "abac", 0, PATTERN_MATCHES},
    {"^(a|b)*c$", "abad", 0, PATTERN_DIFFERS},
    {"^a?\?b", "ab", 0, PATTERN_MATCHES},
    {"^a?\?b", "b", 0, PATTERN_MATCHES},
    {"^(?:a{2}){3}$", "aaaaaa", 0, PATTERN_MATCHES},
    {"^(?:a{2}){3}$", "aaaaa", 0, PATTERN_DIFFERS},
    {"^(?:){5}$", "", 0, PATTERN_MATCHES},
    {"^(?:){5}$", "a", 0, PATTERN_DIFFERS},
    {"^(?:a?){3}$", "aa", 0, PATTERN_MATCHES},
    {"^(?:a?){3}$", "aaaa", 0, PATTERN_DIFFERS},
    {"^(?:|a)+$", "aaa", 0, PATTERN_MATCHES},
    {"^(?:|a)+$", "b", 0, PATTERN_DIFFERS},
    {"^a{00002}$", "aa", 0, PATTERN_MATCHES},
    {"(?:^a|^b){0}?\\Bc", "xbcc", 0, PATTERN_MATCHES},
    {"(?:^a|^b){0}?\\Bc", "c", 0, PATTERN_DIFFERS},
    {"^a{3,99999999999999}$", "aaa", 0, PATTERN_MATCHES},
    {"^a{3,99999999999999}$", "aa", 0, PATTERN_DIFFERS},
    {"^a{0,70000}$", "aa", 0, PATTERN_MATCHES},
    {"^a{0,70000}$", "b", 0, PATTERN_DIFFERS},
    {"^(?:ab){70000}$", "ab", 0, PATTERN_DIFFERS},
    {"^(?:(?:a{300}){300}){0,300}$", "", 0, PATTERN_MATCHES},
    {"^(?:(?:a{300}){300}){0,300}$", "aa", 0, PATTERN_DIFFERS},
    {"(?=a)b?a", "a1bcc", 0, PATTERN_MATCHES},
    {"(?=a)b?a", "ba", 0, PATTERN_MATCHES},
    {"(?=a)b?a", "b", 0, PATTERN_DIFFERS},
    {"a(?=b)", "ab", 0, PATTERN_MATCHES},
    {"a(?=b)", "ac", 0, PATTERN_DIFFERS},
    {"a(?!b)", "ab", 0, PATTERN_DIFFERS},
    {"a(?!b)", "ac", 0, PATTERN_MATCHES},
    {"^(?=.*[A-Z])(?=.*\\d).{4,}$", "aB1c", 0, PATTERN_MATCHES},
    {"^(?=.*[A-Z])(?=.*\\d).{4,}$", "ab1c", 0, PATTERN_DIFFERS},
    {"^(?=.*[A-Z])(?=.*\\d).{4,}$", "AB1", 0, PATTERN_DIFFERS},
    {"(?<=a)b", "ab", 0, PATTERN_MATCHES},
    {"(?<=a)b", "b", 0, PATTERN_DIFFERS},
    {"(?<!a)b", "ab", 0, PATTERN_DIFFERS},
    {"(?<!a)b", "cb", 0, PATTERN_MATCHES},
    {"(?<!a)b", "b", 0, PATTERN_MATCHES},
    {"(?<=a+)b", "aab", 0, PATTERN_MATCHES},
    {"(?<=a+)b", "b", 0, PATTERN_DIFFERS},
    {"(?<=^a.*)b", "axxb", 0, PATTERN_MATCHES},
    {"(?<=^a.*)b", "xaxxb", 0, PATTERN_DIFFERS},
    {"(?<!^a*)b", "aab", 0, PATTERN_DIFFERS},
    {"(?<!^a*)b", "cab", 0, PATTERN_MATCHES},
    {"(?<!^a*)b", "b", 0, PATTERN_DIFFERS},
    {"(?<=\\$\\d*)\\.", "$12.", 0, PATTERN_MATCHES},
    {"(?<=\\$\\d*)\\.", "12.", 0, PATTERN_DIFFERS},
    {"(?<=(?:ab){2,})c", "ababc", 0, PATTERN_MATCHES},
    {"(?<=(?:ab){2,})c", "abc", 0, PATTERN_DIFFERS},
    {"^(?!.*foo).*$", "bar", 0, PATTERN_MATCHES},
    {"^(?!.*foo).*$", "a foo", 0, PATTERN_DIFFERS},
    {"(?<=😀)b", "😀b", 0, PATTERN_MATCHES},
    {"(?<=😀)b", "ab", 0, PATTERN_DIFFERS},
    {"(?<=^|,)a", "a", 0, PATTERN_MATCHES},
    {"(?<=^|,)a", "b,a", 0, PATTERN_MATCHES},
    {"(?<=^|,)a", "ba", 0, PATTERN_DIFFERS},
    {"(?<=a|bc|def+)x", "deffx", 0, PATTERN_MATCHES},
    {"(?<=a|bc|def+)x", "dex", 0, PATTERN_DIFFERS},
    {"^(a)\\1$", "aa", 0, PATTERN_MATCHES},
    {"^(a)\\1$", "ab", 0, PATTERN_DIFFERS},
    {"^(a)?\\1$", "aa", 0, PATTERN_MATCHES},
    {"^(a)?\\1$", "", 0, PATTERN_MATCHES},
    {"^(a)?\\1$", "a", 0, PATTERN_DIFFERS},
    {"^\\1(a)$", "a", 0, PATTERN_MATCHES},
    {"^\\1(a)$", "aa", 0, PATTERN_DIFFERS},
    {"^(?:(a)|b)*\\1$", "ab", 0, PATTERN_MATCHES},
    {"^(?:(a)|b)*\\1$", "aba", 0, PATTERN_DIFFERS},
    {"^(?:(a)|b)*\\1$", "a", 0, PATTERN_DIFFERS},
    {"^(?:(a)|b)*\\1$", "aa", 0, PATTERN_MATCHES},
    {"^(a\\1)+$", "aa", 0, PATTERN_MATCHES},
    {"^(a\\1)+$", "a", 0, PATTERN_MATCHES},
    {"^(a\\1)+$", "b", 0, PATTERN_DIFFERS},
    {"^(?<x>a|b)\\k<x>$", "aa", 0, PATTERN_MATCHES},
    {"^(?<x>a|b)\\k<x>$", "ab", 0, PATTERN_DIFFERS},
    {"^(?<x>a|b)\\k<x>$", "bb", 0, PATTERN_MATCHES},
    {"^\\k<x>(?<x>a)$", "a", 0, PATTERN_MATCHES},
    {"^\\k<x>(?<x>a)$", "aa", 0, PATTERN_DIFFERS},
    {"^(?<été>a)\\k<été>$", "aa", 0, PATTERN_MATCHES},
    {"^(?<été>a)\\k<été>$", "a", 0, PATTERN_DIFFERS},
    {"^(?<$a_1>a)\\k<$a_1>$", "aa", 0, PATTERN_MATCHES},
    {"^(?<a\\u{62}>a)\\k<ab>$", "aa", 0, PATTERN_MATCHES},
    {"(?<=\\1(a))b", "aab", 0, PATTERN_MATCHES},
    {"(?<=\\1(a))b", "ab", 0, PATTERN_DIFFERS},
    {"(?<=\\1(a))b", "b", 0, PATTERN_DIFFERS},
    {"(?<=(a)\\1)b", "aab", 0, PATTERN_MATCHES},
    {"(?<=(a)\\1)b", "ab", 0, PATTERN_MATCHES},
    {"^(?=(a+))\\1b$", "aaab", 0, PATTERN_MATCHES},
    {"^(?=(a+))\\1b$", "b", 0, PATTERN_DIFFERS},
    {"^(?!(a)b)a\\1$", "a", 0, PATTERN_MATCHES},
    {"^(?!(a)b)a\\1$", "aa", 0, PATTERN_DIFFERS},
    {"(.)\\1", "hello", 0, PATTERN_MATCHES},
    {"(.)\\1", "helo", 0, PATTERN_DIFFERS},
    {"^(é|😀)\\1$", "éé", 0, PATTERN_MATCHES},
    {"^(é|😀)\\1$", "😀😀", 0, PATTERN_MATCHES},
    {"^(é|😀)\\1$", "é😀", 0, PATTERN_DIFFERS},
    {"^(a*)*\\1$", "aa", 0, PATTERN_MATCHES},
    {"^(a*)*\\1$", "", 0, PATTERN_MATCHES},
    {"(z)((a+)?(b+)?(c))*\\3\\4$", "zaacbbbcac", 0, PATTERN_DIFFERS},
    {"(z)((a+)?(b+)?(c))*\\3\\4$", "zaacbbbca", 0, PATTERN_DIFFERS},
    {"^(?:(a)(b)?){2}\\2$", "aba", 0, PATTERN_MATCHES},
    {"^(?:(a)(b)?){2}\\2$", "abab", 0, PATTERN_DIFFERS},
    {"^(?:(a)(b)?){2}\\2$", "aab", 0, PATTERN_DIFFERS},
    {"^(a?)*?\\1b", "aab", 0, PATTERN_MATCHES},
    {"^(a?)*?\\1b", "b", 0, PATTERN_MATCHES},
    {"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10", "abcdefghijj", 0, PATTERN_MATCHES},
    {"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10", "abcdefghija", 0, PATTERN_DIFFERS},
    {"^((a)|(b))\\2\\3$", "aa", 0, PATTERN_MATCHES},
    {"^((a)|(b))\\2\\3$", "bb", 0, PATTERN_MATCHES},
    {"^((a)|(b))\\2\\3$", "ab", 0, PATTERN_DIFFERS},
    {"^(?:(?=(a))a|b)+\\1$", "ab", 0, PATTERN_MATCHES},
    {"^(?:(?=(a))a|b)+\\1$", "aa", 0, PATTERN_MATCHES},
    {"^(?:(?=(a))a|b)+\\1$", "aba", 0, PATTERN_DIFFERS},
    {"^(?=a(?!c)b)ab$", "ab", 0, PATTERN_MATCHES},
    {"^(?=a(?!c)b)ab$", "ac", 0, PATTERN_DIFFERS},
    {"^(?:(?!(a))x|a)\\1$", "a", 0, PATTERN_MATCHES},
    {"^(?:(?!(a))x|a)\\1$", "aa", 0, PATTERN_DIFFERS},
    {"^(?=(a*?))\\1b", "aab", 0, PATTERN_DIFFERS},
    {"^(?=(a*?))\\1b", "b", 0, PATTERN_MATCHES},
    {"^(?=(a{1,2}?))\\1b", "aab", 0, PATTERN_DIFFERS},
    {"^(?=(a{1,2}?))\\1b", "ab", 0, PATTERN_MATCHES},
    {"^(?=(a*))\\1b", "aab", 0, PATTERN_MATCHES},
    {"^(?:(a\\1)b){2}$", "abab", 0, PATTERN_MATCHES},
    {"^(?:(a\\1)b){2}$", "aba", 0, PATTERN_DIFFERS},
    {"^(?=a(?=b)bc)abc$", "abc", 0, PATTERN_MATCHES},
    {"^(?=a(?=b)bc)abc$", "abd", 0, PATTERN_DIFFERS},
    {"^(?!a(?=b)c)ab$", "ab", 0, PATTERN_MATCHES},
    {"(?<=(?<=a)b)c", "abc", 0, PATTERN_MATCHES},
    {"(?<=(?<=a)b)c", "bc", 0, PATTERN_DIFFERS},
    {"^(?=(?=(a))(?!b)ab)\\1(?=b)b$", "ab", 0, PATTERN_MATCHES},
    {"^(?=(?=(a))(?!b)ab)\\1(?=b)b$", "aab", 0, PATTERN_DIFFERS},
    {"(?<=(?<!a)b(?=c))c(?<!bc)|d", "bc", 0, PATTERN_DIFFERS},
    {"(?<=(?<!a)b(?=c))c(?<!bc)|d", "abcd", 0, PATTERN_MATCHES},
    {"^[a-z]{2}(?:-[A-Z]{2})?$", "de", 0, PATTERN_MATCHES},
    {"^[a-z]{2}(?:-[A-Z]{2})?$", "de-AT", 0, PATTERN_MATCHES},
    {"^[a-z]{2}(?:-[A-Z]{2})?$", "de-at", 0, PATTERN_DIFFERS},
    {"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$", "00:1a:2b:3c:4d:5e", 0, PATTERN_MATCHES},
    {"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$", "00:1a", 0, PATTERN_DIFFERS},
    {"^x(?:y|z$)", "xy", 0, PATTERN_MATCHES},
    {"^x(?:y|z$)", "xz", 0, PATTERN_MATCHES},
    {"^x(?:y|z$)", "xzz", 0, PATTERN_DIFFERS},
    {"^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", "555-1212", 0, PATTERN_MATCHES},
    {"^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", "(888)555-1212", 0, PATTERN_MATCHES},
    {"^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", "(888)555-1212 ext. 532", 0, PATTERN_DIFFERS},
    {"^\\W$", "A", 0, PATTERN_DIFFERS},
    {"^\\u0000-\\u001f", "a", 0, PATTERN_DIFFERS},
    {"^[^\\u0000-\\u001f\\u007f-\\u009f]+$", "aé", 0, PATTERN_MATCHES},
    {"^[^\\u0000-\\u001f\\u007f-\\u009f]+$", "a\302\205", 0, PATTERN_DIFFERS},
    {"^[^\\u0000-\\u001f\\u007f-\\u009f]+$", "a\001", 0, PATTERN_DIFFERS},
};

static const struct {
    const char *pattern;
    const char *says;
} wrong[] = {
    {"(a", "a group is not closed, at its end"},
    {"^(abc]", "a ] outside of a class must be written \\], at character 6"},
    {"a)", "a ) closes no group, at character 2"},
    {"(?a)", "after (? comes one of : = ! <, at character 3"},
    {"(?i)a", "after (? comes one of : = ! <, at character 3"},
    {"(?i:a)", "after (? comes one of : = ! <, at character 3"},
    {"(?>a)", "after (? comes one of : = ! <, at character 3"},
    {"(?#a)", "after (? comes one of : = ! <, at character 3"},
    {"(?P<n>a)", "after (? comes one of : = ! <, at character 3"},
    {"(?R)", "after (? comes one of : = ! <, at character 3"},
    {"(*ACCEPT)", "there is nothing to repeat, at character 2"},
    {"*a", "there is nothing to repeat, at character 1"},
    {"a|+", "there is nothing to repeat, at character 3"},
    {"?", "there is nothing to repeat, at character 1"},
    {"a**", "there is nothing to repeat, at character 3"},
    {"a++", "there is nothing to repeat, at character 3"},
    {"a??+", "there is nothing to repeat, at character 4"},
    {"a{1}{2}", "there is nothing to repeat, at character 5"},
    {"{", "there is nothing to repeat, at character 1"},
    {"a{", "a { that begins no count must be written \\{, at its end"},
    {"a{b}", "a { that begins no count must be written \\{, at character 3"},
    {"a{,2}", "a { that begins no count must be written \\{, at character 3"},
    {"a{1", "a count must end with }, at its end"},
    {"a{1,2,3}", "a count must end with }, at character 6"},
    {"a{ 1}", "a { that begins no count must be written \\{, at character 3"},
    {"a{2,1}", "a count must not fall, as in {2,1}, at its end"},
    {"}", "a } that ends no count must be written \\}, at character 1"},
    {"a}", "a } that ends no count must be written \\}, at character 2"},
    {"]", "a ] outside of a class must be written \\], at character 1"},
    {"[a", "a class is not closed, at its end"},
    {"[a-", "a class is not closed, at its end"},
    {"[z-a]", "a range must not fall, as in [z-a], at character 5"},
    {"[\\d-x]", "a range goes from a character to a character, at character 6"},
    {"[a-\\w]", "a range goes from a character to a character, at character 6"},
    {"[\\p{L}-x]", "a range goes from a character to a character, at character 9"},
    {"[\\B]", "there is no such escape, at character 3"},
    {"[\\1]", "there is no such escape, at character 3"},
    {"[\\k]", "there is no such escape, at character 3"},
    {"\\", "a backslash with nothing behind it, at its end"},
    {"[\\", "a backslash with nothing behind it, at its end"},
    {"\\a", "there is no such escape, at character 2"},
    {"\\e", "there is no such escape, at character 2"},
    {"^\\S(|(.|\\n)*\\S)\\Z", "there is no such escape, at character 17"},
    {"\\Qa\\E", "there is no such escape, at character 2"},
    {"\\A", "there is no such escape, at character 2"},
    {"\\h", "there is no such escape, at character 2"},
    {"\\R", "there is no such escape, at character 2"},
    {"\\_", "there is no such escape, at character 2"},
    {"\\-", "there is no such escape, at character 2"},
    {"\\é", "there is no such escape, at character 2"},
    {"é\\a", "there is no such escape, at character 3"},
    {"[\\&]", "there is no such escape, at character 3"},
    {"\\x4", "after \\x come two hexadecimal digits, at its end"},
    {"\\xg0", "after \\x come two hexadecimal digits, at character 3"},
    {"\\u004", "after \\u come four hexadecimal digits, at its end"},
    {"\\u{}", "between \\u{ and } come hexadecimal digits, at character 4"},
    {"\\u{41", "between \\u{ and } come hexadecimal digits, at its end"},
    {"\\u{110000}", "the last character is \\u{10ffff}, at character 9"},
    {"\\u{fffffffffffffffff}", "the last character is \\u{10ffff}, at character 9"},
    {"\\c", "after \\c comes a letter, as in \\cA, at its end"},
    {"\\c1", "after \\c comes a letter, as in \\cA, at its end"},
    {"[\\c_]", "after \\c comes a letter, as in \\cA, at character 5"},
    {"\\01", "after \\0 comes no digit, at character 3"},
    {"\\00", "after \\0 comes no digit, at character 3"},
    {"\\1", "a reference to a group that is not there, at character 2"},
    {"(a)\\2", "a reference to a group that is not there, at character 5"},
    {"(?:a)\\1", "a reference to a group that is not there, at character 7"},
    {"\\99999999999999999999", "a reference to a group that is not there, at character 21"},
    {"\\k", "after \\k comes a name, as in \\k<name>, at its end"},
    {"\\k<a", "a group's name must end with >, at its end"},
    {"\\k<a>", "a reference to a group that is not there, at character 5"},
    {"(?<a>.)\\k<b>", "a reference to a group that is not there, at character 12"},
    {"(?<a>.)(?<a>.)", "two groups have the same name, at character 13"},
    {"(?<>a)", "a group's name is empty, at character 5"},
    {"(?<1a>a)", "a group's name has letters, digits, _ and $ only, at character 5"},
    {"(?<a-b>a)", "a group's name has letters, digits, _ and $ only, at character 6"},
    {"(?<😀>a)", "a group's name has letters, digits, _ and $ only, at character 5"},
    {"(?<\\ud83d>a)", "a group's name has letters, digits, _ and $ only, at character 10"},
    {"^*", "what matches a place cannot be repeated, at character 2"},
    {"$?", "what matches a place cannot be repeated, at character 2"},
    {"\\b+", "what matches a place cannot be repeated, at character 3"},
    {"(?=a)*", "what matches a place cannot be repeated, at character 6"},
    {"(?!a){2}", "what matches a place cannot be repeated, at character 6"},
    {"(?<=a)?", "what matches a place cannot be repeated, at character 7"},
    {"\\pL", "after \\p comes a property, as in \\p{Letter}, at character 3"},
    {"\\p", "after \\p comes a property, as in \\p{Letter}, at its end"},
    {"\\p{L", "a property must end with }, at its end"},
    {"\\p{^L}", "a property must end with }, at character 4"},
    {"\\p{}", "there is no such property of characters, at its end"},
    {"\\p{lu}a", "there is no such property of characters, at character 7"},
    {"\\p{Digit}", "there is no such property of characters, at its end"},
    {"\\p{letter}", "there is no such property of characters, at its end"},
    {"\\p{Greek}", "there is no such property of characters, at its end"},
    {"\\p{IsGreek}", "there is no such property of characters, at its end"},
    {"\\p{Script}", "there is no such property of characters, at its end"},
    {"\\p{Script=}", "there is no such property of characters, at its end"},
    {"\\p{Script=Klingon}", "there is no such property of characters, at its end"},
    {"\\p{sc=L}", "there is no such property of characters, at its end"},
    {"\\p{=L}", "there is no such property of characters, at its end"},
    {"\\p{Lu Ll}", "a property must end with }, at character 6"},
    {"\\p{gc=Lu=Ll}", "there is no such property of characters, at its end"},
    {"\\p{Changes_When_NFKC_Casefolded}", "it has a property of characters that this system's PCRE2 does not know"},
};
/* clang-format on */

static size_t text_length(size_t i)
{
    return matches[i].length > 0 ? matches[i].length : strlen(matches[i].text);
}

START_TEST(finds_what_ecma_262_finds)
{
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        struct pattern pattern = {.text = matches[i].pattern};
        struct fault fault;
        ck_assert_msg(pattern_prepare(&pattern, &fault) == OK, "%s", fault.text);
        ck_assert_msg(pattern_match(&pattern, matches[i].text, text_length(i)) ==
                          matches[i].verdict,
                      "row %zu: %s in \"%s\"", i, matches[i].pattern, matches[i].text);
        pattern_done(&pattern);
    }
}
END_TEST

/* What PCRE2 runs must be the same on our own machine. */
START_TEST(the_machine_agrees)
{
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        AUTO(arena_done) struct arena arena = {0};
        struct ecma ecma;
        struct ecma_machine *machine = NULL;
        struct fault fault;
        const char *pattern = matches[i].pattern;
        ck_assert(ecma_parse(pattern, strlen(pattern), &arena, &ecma, &fault) == OK);
        ck_assert(ecma_machine_new(&ecma, &arena, &machine, &fault) == OK);
        ck_assert_msg(ecma_machine_run(machine, matches[i].text, text_length(i)) ==
                          matches[i].verdict,
                      "row %zu: %s in \"%s\"", i, pattern, matches[i].text);
        ecma_machine_done(machine);
    }
}
END_TEST

START_TEST(says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct pattern pattern = {.text = wrong[i].pattern};
        struct fault fault;
        ck_assert_int_eq(pattern_prepare(&pattern, &fault), FATAL);
        AUTO(free_text)
        char *expected = xasprintf("pattern %s: %s", wrong[i].pattern, wrong[i].says);
        ck_assert_str_eq(fault.text, expected);
        ck_assert_ptr_null(pattern.code);
    }
}
END_TEST

static void add_times(struct buffer *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        buffer_text(out, text);
    }
}

static enum pattern_verdict match_many(const char *pattern, const char *part, size_t times,
                                       const char *tail)
{
    struct pattern one = {.text = pattern};
    struct fault fault;
    AUTO(buffer_done) struct buffer text = {0};
    ck_assert_msg(pattern_prepare(&one, &fault) == OK, "%s", fault.text);
    add_times(&text, part, times);
    buffer_text(&text, tail);
    enum pattern_verdict verdict = pattern_match(&one, text.bytes, text.length);
    pattern_done(&one);
    return verdict;
}

static const struct {
    const char *pattern;
    const char *part;
    size_t times;
    const char *tail;
    enum pattern_verdict verdict;
} efforts[] = {
    {"^(a+)+$", "a", 60, "!", PATTERN_GAVE_UP},
    {"^(a|a)*$", "a", 60, "!", PATTERN_GAVE_UP},
    {"^(?:a?){60}a{60}$", "a", 60, "!", PATTERN_GAVE_UP},
    {"^(a+)+\\1$", "a", 60, "!", PATTERN_GAVE_UP},
    {"(?<=^x(a+)+)b", "a", 60, "b", PATTERN_GAVE_UP},
    {"^(\\w+\\s?)*$", "aaaa ", 40, "!", PATTERN_GAVE_UP},
    {"(?=(a*)*b)\\1c", "a", 5000, "", PATTERN_GAVE_UP},
    {"^(a|b)*\\1$", "ab", 30000, "", PATTERN_GAVE_UP}, /* memory, not steps */
    {"(?=[a-z]+[@:])a", "a", 1000000, "", PATTERN_GAVE_UP},
    /* What is long and honest is none of that. */
    {"^(?:a|b)*$", "ab", 4000, "", PATTERN_MATCHES},
    {"^(a|b)*$", "ab", 4000, "c", PATTERN_DIFFERS},
    {"^[a-z]*$", "abc", 100000, "", PATTERN_MATCHES},
    {"[a-z]+[0-9]", "abc ", 100000, "", PATTERN_DIFFERS},
    {"^(?:a|b)*$", "ab", 50000, "", PATTERN_MATCHES},
    {"(.)\\1", "ab", 400000, "cc", PATTERN_MATCHES},
    {"^(?:ab){70000}$", "ab", 70000, "", PATTERN_MATCHES},
};

START_TEST(gives_up_where_it_would_take_too_long)
{
    ck_assert_int_eq(
        match_many(efforts[_i].pattern, efforts[_i].part, efforts[_i].times, efforts[_i].tail),
        efforts[_i].verdict);
}
END_TEST

enum { LONG_POINTS = 3000 };

/* Where a "b" may stand among LONG_POINTS "é" for the pattern to find it. */
static const struct {
    const char *pattern;
    size_t first, last;
} places[] = {
    {"b", 0, LONG_POINTS},
    {"^b", 0, 0},
    {"b$", LONG_POINTS, LONG_POINTS},
    {"(?<=é)b", 1, LONG_POINTS},
    {"(?<=^é{7})b", 7, 7},
    {"b(?=é{9}$)", LONG_POINTS - 9, LONG_POINTS - 9},
    {"[a-c]\\W", 0, LONG_POINTS - 1},
};

START_TEST(a_long_text_is_searched_everywhere)
{
    struct pattern pattern = {.text = places[_i].pattern};
    struct fault fault;
    ck_assert_msg(pattern_prepare(&pattern, &fault) == OK, "%s", fault.text);
    for (size_t at = 0; at <= LONG_POINTS; at++) {
        AUTO(buffer_done) struct buffer text = {0};
        add_times(&text, "é", at);
        buffer_text(&text, "b");
        add_times(&text, "é", LONG_POINTS - at);
        bool is_there = at >= places[_i].first && at <= places[_i].last;
        ck_assert_msg(pattern_match(&pattern, text.bytes, text.length) ==
                          (is_there ? PATTERN_MATCHES : PATTERN_DIFFERS),
                      "%s at %zu", places[_i].pattern, at);
    }
    pattern_done(&pattern);
}
END_TEST

static bool is_valid(const char *head, const char *part, size_t times, const char *middle,
                     const char *tail)
{
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, head);
    add_times(&text, part, times);
    buffer_text(&text, middle);
    add_times(&text, tail, times);
    struct pattern pattern = {.text = buffer_cstr(&text)};
    struct fault fault;
    bool valid = pattern_is_valid(text.bytes, text.length);
    enum outcome o = pattern_prepare(&pattern, &fault);
    ck_assert_msg((o == OK) == valid, "%s", fault.text);
    pattern_done(&pattern);
    return valid;
}

START_TEST(size_and_depth_are_bounded)
{
    ck_assert(is_valid("", "(", ECMA_DEPTH_MAX, "a", ")"));
    ck_assert(!is_valid("", "(", ECMA_DEPTH_MAX + 1, "a", ")"));
    ck_assert(is_valid("", "(?:", ECMA_DEPTH_MAX, "a", "){0,9}"));
    ck_assert(is_valid("", "(?=", ECMA_DEPTH_MAX, "a", ")"));
    ck_assert(is_valid("", "(?<!", ECMA_DEPTH_MAX, "a*", ")"));
    ck_assert(is_valid("", "a", ECMA_PATTERN_MAX_BYTES, "", ""));
    ck_assert(!is_valid("a", "a", ECMA_PATTERN_MAX_BYTES, "", ""));
    ck_assert(!is_valid("", "(", 30000, "", ""));
    ck_assert(is_valid("", "a|", 16000, "", ""));
    ck_assert(is_valid("", "\\W", 16000, "", ""));
    ck_assert(is_valid("[", "\\S", 16000, "]", ""));
    ck_assert(is_valid("", "\\p{L}", 6000, "", ""));
    ck_assert(is_valid("(a)", "\\1", 16000, "", ""));
    ck_assert(is_valid("", "()", 16000, "\\16000", ""));
    ck_assert(is_valid("", "(?:a{100}", 150, "", "){100}"));
    ck_assert(!is_valid("", "\xff", 1, "", ""));
}
END_TEST

START_TEST(the_length_is_told)
{
    ck_assert(pattern_is_valid("a(", 1) && !pattern_is_valid("a(", 2));
    ck_assert(pattern_is_valid("a\0b", 3) && !pattern_is_valid("a\0(", 3));
}
END_TEST

START_TEST(a_nul_in_a_pattern_ends_nothing)
{
    struct pattern pattern = {.text = "^a\0b$", .length = 5};
    struct fault fault;
    ck_assert(pattern_prepare(&pattern, &fault) == OK);
    ck_assert_int_eq(pattern_match(&pattern, "a\0b", 3), PATTERN_MATCHES);
    ck_assert_int_eq(pattern_match(&pattern, "a", 1), PATTERN_DIFFERS);
    pattern_done(&pattern);
}
END_TEST

START_TEST(what_is_given_back_can_be_prepared_again)
{
    struct pattern pattern = {.text = "^(a)\\1$"};
    struct fault fault;
    pattern_done(&pattern);
    for (int i = 0; i < 2; i++) {
        ck_assert(pattern_prepare(&pattern, &fault) == OK);
        ck_assert(pattern_prepare(&pattern, &fault) == OK);
        ck_assert_int_eq(pattern_match(&pattern, "aa", 2), PATTERN_MATCHES);
        pattern_done(&pattern);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ecma");
    TCase *tests = tcase_create("ecma");
    tcase_add_test(tests, finds_what_ecma_262_finds);
    tcase_add_test(tests, the_machine_agrees);
    tcase_add_test(tests, says_what_is_wrong_and_where);
    tcase_add_loop_test(tests, gives_up_where_it_would_take_too_long, 0, COUNT_OF(efforts));
    tcase_add_loop_test(tests, a_long_text_is_searched_everywhere, 0, COUNT_OF(places));
    tcase_add_test(tests, size_and_depth_are_bounded);
    tcase_add_test(tests, the_length_is_told);
    tcase_add_test(tests, a_nul_in_a_pattern_ends_nothing);
    tcase_add_test(tests, what_is_given_back_can_be_prepared_again);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
