/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/ecma.h"

#include "core/text.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ECMA-262, 22.2.2.9: names are exact, case included, where PCRE2 takes any spelling. */

/* Values of General_Category: "short long long". */
static const char *const categories[] = {
    "C Other",
    "Cc Control cntrl",
    "Cf Format",
    "Cn Unassigned",
    "Co Private_Use",
    "Cs Surrogate",
    "L Letter",
    "LC Cased_Letter",
    "Ll Lowercase_Letter",
    "Lm Modifier_Letter",
    "Lo Other_Letter",
    "Lt Titlecase_Letter",
    "Lu Uppercase_Letter",
    "M Mark Combining_Mark",
    "Mc Spacing_Mark",
    "Me Enclosing_Mark",
    "Mn Nonspacing_Mark",
    "N Number",
    "Nd Decimal_Number digit",
    "Nl Letter_Number",
    "No Other_Number",
    "P Punctuation punct",
    "Pc Connector_Punctuation",
    "Pd Dash_Punctuation",
    "Pe Close_Punctuation",
    "Pf Final_Punctuation",
    "Pi Initial_Punctuation",
    "Po Other_Punctuation",
    "Ps Open_Punctuation",
    "S Symbol",
    "Sc Currency_Symbol",
    "Sk Modifier_Symbol",
    "Sm Math_Symbol",
    "So Other_Symbol",
    "Z Separator",
    "Zl Line_Separator",
    "Zp Paragraph_Separator",
    "Zs Space_Separator",
};

/* clang-format off */
static const char *const scripts[] = {
    "Adlm Adlam", "Aghb Caucasian_Albanian", "Ahom", "Arab Arabic", "Armi Imperial_Aramaic",
    "Armn Armenian", "Avst Avestan", "Bali Balinese", "Bamu Bamum", "Bass Bassa_Vah", "Batk Batak",
    "Beng Bengali", "Bhks Bhaiksuki", "Bopo Bopomofo", "Brah Brahmi", "Brai Braille",
    "Bugi Buginese", "Buhd Buhid", "Cakm Chakma", "Cans Canadian_Aboriginal", "Cari Carian", "Cham",
    "Cher Cherokee", "Chrs Chorasmian", "Copt Coptic Qaac", "Cpmn Cypro_Minoan", "Cprt Cypriot",
    "Cyrl Cyrillic", "Deva Devanagari", "Diak Dives_Akuru", "Dogr Dogra", "Dsrt Deseret",
    "Dupl Duployan", "Egyp Egyptian_Hieroglyphs", "Elba Elbasan", "Elym Elymaic", "Ethi Ethiopic",
    "Geor Georgian", "Glag Glagolitic", "Gong Gunjala_Gondi", "Gonm Masaram_Gondi", "Goth Gothic",
    "Gran Grantha", "Grek Greek", "Gujr Gujarati", "Guru Gurmukhi", "Hang Hangul", "Hani Han",
    "Hano Hanunoo", "Hatr Hatran", "Hebr Hebrew", "Hira Hiragana", "Hluw Anatolian_Hieroglyphs",
    "Hmng Pahawh_Hmong", "Hmnp Nyiakeng_Puachue_Hmong", "Hung Old_Hungarian", "Ital Old_Italic",
    "Java Javanese", "Kali Kayah_Li", "Kana Katakana", "Khar Kharoshthi", "Khmr Khmer",
    "Khoj Khojki", "Kits Khitan_Small_Script", "Knda Kannada", "Kthi Kaithi", "Lana Tai_Tham",
    "Laoo Lao", "Latn Latin", "Lepc Lepcha", "Limb Limbu", "Lina Linear_A", "Linb Linear_B", "Lisu",
    "Lyci Lycian", "Lydi Lydian", "Mahj Mahajani", "Maka Makasar", "Mand Mandaic",
    "Mani Manichaean", "Marc Marchen", "Medf Medefaidrin", "Mend Mende_Kikakui",
    "Merc Meroitic_Cursive", "Mero Meroitic_Hieroglyphs", "Mlym Malayalam", "Modi",
    "Mong Mongolian", "Mroo Mro", "Mtei Meetei_Mayek", "Mult Multani", "Mymr Myanmar",
    "Nand Nandinagari", "Narb Old_North_Arabian", "Nbat Nabataean", "Newa", "Nkoo Nko",
    "Nshu Nushu", "Ogam Ogham", "Olck Ol_Chiki", "Orkh Old_Turkic", "Orya Oriya", "Osge Osage",
    "Osma Osmanya", "Ougr Old_Uyghur", "Palm Palmyrene", "Pauc Pau_Cin_Hau", "Perm Old_Permic",
    "Phag Phags_Pa", "Phli Inscriptional_Pahlavi", "Phlp Psalter_Pahlavi", "Phnx Phoenician",
    "Plrd Miao", "Prti Inscriptional_Parthian", "Rjng Rejang", "Rohg Hanifi_Rohingya", "Runr Runic",
    "Samr Samaritan", "Sarb Old_South_Arabian", "Saur Saurashtra", "Sgnw SignWriting",
    "Shaw Shavian", "Shrd Sharada", "Sidd Siddham", "Sind Khudawadi", "Sinh Sinhala",
    "Sogd Sogdian", "Sogo Old_Sogdian", "Sora Sora_Sompeng", "Soyo Soyombo", "Sund Sundanese",
    "Sylo Syloti_Nagri", "Syrc Syriac", "Tagb Tagbanwa", "Takr Takri", "Tale Tai_Le",
    "Talu New_Tai_Lue", "Taml Tamil", "Tang Tangut", "Tavt Tai_Viet", "Telu Telugu",
    "Tfng Tifinagh", "Tglg Tagalog", "Thaa Thaana", "Thai", "Tibt Tibetan", "Tirh Tirhuta",
    "Tnsa Tangsa", "Toto", "Ugar Ugaritic", "Vaii Vai", "Vith Vithkuqi", "Wara Warang_Citi",
    "Wcho Wancho", "Xpeo Old_Persian", "Xsux Cuneiform", "Yezi Yezidi", "Yiii Yi",
    "Zanb Zanabazar_Square", "Zinh Inherited Qaai", "Zyyy Common", "Zzzz Unknown", "Kawi",
    "Nagm Nag_Mundari", "Gara Garay", "Gukh Gurung_Khema", "Krai Kirat_Rai", "Onao Ol_Onal",
    "Sunu Sunuwar", "Todr Todhri", "Tutg Tulu_Tigalari", "Berf Beria_Erfe", "Sidt Sidetic",
    "Tayo Tai_Yo", "Tols Tolong_Siki",
};

/* Properties that a character has or has not; Assigned is the only one that PCRE2 has no word for. */
static const char *const binaries[] = {
    "^Cn Assigned", "ASCII", "AHex ASCII_Hex_Digit", "Alpha Alphabetic", "Any", "Bidi_C Bidi_Control",
    "Bidi_M Bidi_Mirrored", "CI Case_Ignorable", "Cased", "CWCF Changes_When_Casefolded",
    "CWCM Changes_When_Casemapped", "CWL Changes_When_Lowercased",
    "CWKCF Changes_When_NFKC_Casefolded", "CWT Changes_When_Titlecased",
    "CWU Changes_When_Uppercased", "Dash", "DI Default_Ignorable_Code_Point", "Dep Deprecated",
    "Dia Diacritic", "Emoji", "EComp Emoji_Component", "EMod Emoji_Modifier",
    "EBase Emoji_Modifier_Base", "EPres Emoji_Presentation", "ExtPict Extended_Pictographic",
    "Ext Extender", "Gr_Base Grapheme_Base", "Gr_Ext Grapheme_Extend", "Hex Hex_Digit",
    "IDSB IDS_Binary_Operator", "IDST IDS_Trinary_Operator", "IDC ID_Continue", "IDS ID_Start",
    "Ideo Ideographic", "Join_C Join_Control", "LOE Logical_Order_Exception", "Lower Lowercase",
    "Math", "NChar Noncharacter_Code_Point", "Pat_Syn Pattern_Syntax", "Pat_WS Pattern_White_Space",
    "QMark Quotation_Mark", "Radical", "RI Regional_Indicator", "STerm Sentence_Terminal",
    "SD Soft_Dotted", "Term Terminal_Punctuation", "UIdeo Unified_Ideograph", "Upper Uppercase",
    "VS Variation_Selector", "space White_Space", "XIDC XID_Continue", "XIDS XID_Start",
};
/* clang-format on */

/* Is it one of the words of this row? */
static bool has_word(const char *row, const char *text, size_t length)
{
    while (*row != '\0') {
        size_t word = strcspn(row, " ");
        if (word == length && memcmp(row, text, length) == 0) {
            return true;
        }
        row += word;
        row += *row == ' ' ? 1 : 0;
    }
    return false;
}

/* The row's first word, behind `prefix`; NULL when no row has it. */
static const char *find(const char *const *rows, size_t count, const char *prefix, const char *text,
                        size_t length, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        if (has_word(rows[i], text, length)) {
            return arena_printf(arena, "%s%.*s", prefix, (int)strcspn(rows[i], " "), rows[i]);
        }
    }
    return NULL;
}

static const char *find_value(const char *text, size_t name, size_t length, struct arena *arena)
{
    static const struct {
        const char *names;
        const char *prefix;
        const char *const *rows;
        size_t count;
    } kinds[] = {
        {"General_Category gc", "", categories, COUNT_OF(categories)},
        {"Script sc", "sc:", scripts, COUNT_OF(scripts)},
        {"Script_Extensions scx", "scx:", scripts, COUNT_OF(scripts)},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (has_word(kinds[i].names, text, name)) {
            return find(kinds[i].rows, kinds[i].count, kinds[i].prefix, text + name + 1,
                        length - name - 1, arena);
        }
    }
    return NULL;
}

const char *ecma_property(const char *text, size_t length, struct arena *arena)
{
    const char *equals = memchr(text, '=', length);
    if (equals != NULL) {
        return find_value(text, (size_t)(equals - text), length, arena);
    }
    const char *found = find(categories, COUNT_OF(categories), "", text, length, arena);
    return found != NULL ? found : find(binaries, COUNT_OF(binaries), "", text, length, arena);
}

/* ID_Start and ID_Continue, asked of PCRE2, which has the tables. */
static pcre2_code *name_start;
static pcre2_code *name_more;

static pcre2_code *compile(const char *text)
{
    int error = 0;
    PCRE2_SIZE where = 0;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_ANCHORED, &error, &where, NULL);
    if (code == NULL) {
        abort();
    }
    return code;
}

static void make_names(void)
{
    name_start = compile("\\p{ID_Start}");
    name_more = compile("[\\p{ID_Continue}\\x{200c}\\x{200d}]");
}

static bool is_ascii_name(uint32_t point, bool is_first)
{
    return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') || point == '_' ||
           point == '$' || (!is_first && point >= '0' && point <= '9');
}

bool ecma_is_name(uint32_t point, bool is_first)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (point < 0x80) {
        return is_ascii_name(point, is_first);
    }
    if (point > ECMA_POINT_MAX || (point >= 0xd800 && point <= 0xdfff)) {
        return false;
    }
    (void)pthread_once(&once, make_names);
    char bytes[4];
    size_t length = text_put_point(point, bytes);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    if (match == NULL) {
        abort();
    }
    int found = pcre2_match(is_first ? name_start : name_more, (PCRE2_SPTR)bytes, length, 0, 0,
                            match, NULL);
    pcre2_match_data_free(match);
    return found >= 0;
}
