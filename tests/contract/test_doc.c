/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/doc/html.h"
#include "contracts/doc/site.h"
#include "core/buffer.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the site's files are; what a reader sees of them is doc.sh's, in a browser. */

static char *folder;
static struct fault fault;

static void setup(void)
{
    const char *temporary = getenv("TMPDIR");
    folder = xasprintf("%s/doc-XXXXXX", temporary != NULL ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *walk)
{
    (void)entry;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void teardown(void)
{
    enum { FOLDERS_OPEN = 8 };
    (void)nftw(folder, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    free(take(folder));
}

static enum outcome write_site(const char *contracts, const char *name)
{
    struct asyncapi set = {0};
    size_t pages = 0;
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    ck_assert_msg(asyncapi_load(&set, &contracts, 1, &fault) == OK, "%s", fault.text);
    enum outcome o = site_write(&set, "Contracts", path, &pages, &fault);
    asyncapi_done(&set);
    return o;
}

static bool is_there(const char *name)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void put_file(const char *name, const char *text)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void read_file(const char *name, struct buffer *out)
{
    enum { PIECE = 65536 };
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    size_t got = 0;
    while ((got = fread(buffer_reserve(out, PIECE), 1, PIECE, file)) > 0) {
        buffer_grow(out, got);
    }
    (void)fclose(file);
}

/* ---- text ---- */

static const struct {
    const char *text, *html;
} prose[] = {
    {"one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>\n"},
    {"a <b> & \"c\" 'd'", "<p>a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;</p>\n"},
    {"`<i>` and ``a`b``", "<p><code>&lt;i&gt;</code> and <code>a`b</code></p>\n"},
    {"- a\n- b\n  more", "<ul><li>a</li><li>b more</li></ul>\n"},
    {"1. a\n2) b", "<ol><li>a</li><li>b</li></ol>\n"},
    {"```\n<x>\n- y\n```\nz",
     "<pre tabindex=\"0\"><code>&lt;x&gt;\n- y\n</code></pre>\n<p>z</p>\n"},
    {"```\nnever closed", "<pre tabindex=\"0\"><code>never closed\n</code></pre>\n"},
    {"**b *e* <s>** * 2 * 3", "<p><strong>b <em>e</em> &lt;s&gt;</strong> * 2 * 3</p>\n"},
    {"[t](https://x.y/?a=1&b)",
     "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x.y/?a=1&amp;b\">t</a></p>\n"},
    {"[t](mailto:a@b.c)",
     "<p><a rel=\"noopener noreferrer nofollow\" href=\"mailto:a@b.c\">t</a></p>\n"},
    {"[t](javascript:alert)", "<p>[t](javascript:alert)</p>\n"},
    {"[t](data:text/html,x)", "<p>[t](data:text/html,x)</p>\n"},
    {"[t](//x.y)", "<p>[t](//x.y)</p>\n"},
    {"[t](https://x\" onclick=\"y)", "<p>[t](https://x&quot; onclick=&quot;y)</p>\n"},
    {"[<b>](https://x)",
     "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x\">&lt;b&gt;</a></p>\n"},
    {"# <h1>", "<p><strong>&lt;h1&gt;</strong></p>\n"},
    {"a\033[2J\x07z", "<p>a\xef\xbf\xbd[2J\xef\xbf\xbdz</p>\n"},
    {"bad \xc3\x28", "<p>bad \xef\xbf\xbd(</p>\n"},
    {"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
    {"<!-- x --><![CDATA[", "<p>&lt;!-- x --&gt;&lt;![CDATA[</p>\n"},
    {"`", "<p>`</p>\n"},
    {"", ""},
};

START_TEST(prose_is_rendered_and_markup_stays_text)
{
    AUTO(buffer_done) struct buffer out = {0};
    html_prose(&out, prose[_i].text);
    ck_assert_str_eq(buffer_cstr(&out), prose[_i].html);
}
END_TEST

START_TEST(marks_without_end_take_no_time)
{
    enum { COUNT = 200 * 1000 };
    static const char *const marks[] = {"[", "a`", "*", "[x](", "**a *b "};
    AUTO(buffer_done) struct buffer text = {0};
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t m = 0; m < COUNT_OF(marks); m++) {
        buffer_clear(&text);
        while (text.length < COUNT) {
            buffer_text(&text, marks[m]);
        }
        buffer_clear(&out);
        html_prose(&out, buffer_cstr(&text));
        ck_assert_uint_ge(out.length, COUNT / 10);
    }
}
END_TEST

START_TEST(formats_escape_what_is_put_in)
{
    AUTO(buffer_done) struct buffer out = {0};
    const char *volatile nothing = NULL;
    html_add(&out, "<a href=\"%s\">%s</a>%zu %d %.1f%s", "\"><script>", "<&>", (size_t)7, -3, 0.25,
             nothing);
    ck_assert_str_eq(buffer_cstr(&out),
                     "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;&amp;&gt;</a>7 -3 0.2");
}
END_TEST

START_TEST(json_is_cut_between_characters)
{
    static const char yaml[] = "{a: 1.50, b: [true, null, \"<\\u00fc>\"], c: {}}";
    struct arena arena = {0};
    struct findings findings = {0};
    const struct node *node = node_parse("test", yaml, sizeof yaml - 1, &arena, &findings);
    AUTO(buffer_done) struct buffer out = {0};
    html_json(&out, node, true, HTML_JSON_MAX_BYTES);
    ck_assert_str_eq(buffer_cstr(&out), "{&quot;a&quot;: 1.50, &quot;b&quot;: [true, null, "
                                        "&quot;&lt;\xc3\xbc&gt;&quot;], &quot;c&quot;: {}}");
    buffer_clear(&out);
    html_json(&out, node, true, strlen("{\"a\": 1.50, \"b\": [true, null, \"<") + 1);
    ck_assert(strstr(buffer_cstr(&out), "&quot;&lt;…") != NULL);
    arena_done(&arena);
    findings_done(&findings);
}
END_TEST

/* ---- folders ---- */

START_TEST(a_folder_is_made_and_written_to_again)
{
    ck_assert_msg(write_site(CONTRACTS, "a/b/site") == OK, "%s", fault.text);
    ck_assert(is_there("a/b/site/index.html"));
    ck_assert(is_there("a/b/site/events/PaymentCompleted.html"));
    ck_assert_msg(write_site(FIXTURES "/foreign", "a/b/site") == OK, "%s", fault.text);
    ck_assert(is_there("a/b/site/services/parcels.html"));
    ck_assert_msg(!is_there("a/b/site/events/PaymentCompleted.html"),
                  "a page of what is no more has stayed");
}
END_TEST

START_TEST(a_folder_of_somebody_is_left_alone)
{
    put_file("mine.txt", "mine");
    ck_assert_int_eq(write_site(CONTRACTS, ""), REJECT);
    ck_assert_msg(strstr(fault.text, "is not empty and has no .quadrille-doc") != NULL, "%s",
                  fault.text);
    ck_assert(!is_there("index.html"));
    put_file(".quadrille-doc", "somebody else's file of this name");
    ck_assert_int_eq(write_site(CONTRACTS, ""), REJECT);
    ck_assert(!is_there("index.html"));
    ck_assert_int_eq(write_site(CONTRACTS, "mine.txt"), REJECT);
    ck_assert_int_eq(write_site(CONTRACTS, "mine.txt/below"), REJECT);
}
END_TEST

START_TEST(the_list_of_files_removes_nothing_but_pages)
{
    ck_assert(write_site(CONTRACTS, "site") == OK);
    put_file("kept.html", "kept");
    put_file("site/kept.html", "kept");
    put_file("site/events/kept.txt", "kept");
    put_file("site/events/old.html", "not in the list");
    AUTO(buffer_done) struct buffer mark = {0};
    read_file("site/.quadrille-doc", &mark);
    buffer_text(&mark, "../kept.html\nevents/../../kept.html\nkept.html\nevents/kept.txt\n"
                       "events/.html\n/etc/passwd\nstyle.css\n");
    put_file("site/.quadrille-doc", buffer_cstr(&mark));
    ck_assert_msg(write_site(CONTRACTS, "site") == OK, "%s", fault.text);
    ck_assert(is_there("kept.html"));
    ck_assert(is_there("site/kept.html"));
    ck_assert(is_there("site/events/kept.txt"));
    ck_assert(is_there("site/events/old.html"));
    ck_assert(is_there("site/style.css"));
}
END_TEST

START_TEST(symbolic_links_are_replaced_or_refused)
{
    ck_assert(write_site(CONTRACTS, "site") == OK);
    put_file("target", "mine");
    AUTO(free_text) char *page = xasprintf("%s/site/index.html", folder);
    AUTO(free_text) char *target = xasprintf("%s/target", folder);
    ck_assert_int_eq(unlink(page), 0);
    ck_assert_int_eq(symlink(target, page), 0);
    ck_assert_msg(write_site(CONTRACTS, "site") == OK, "%s", fault.text);
    AUTO(buffer_done) struct buffer text = {0};
    read_file("target", &text);
    ck_assert_str_eq(buffer_cstr(&text), "mine");

    AUTO(free_text) char *sagas = xasprintf("%s/site/sagas", folder);
    AUTO(free_text) char *saga = xasprintf("%s/premium-upgrade.html", sagas);
    ck_assert_int_eq(unlink(saga), 0);
    ck_assert_int_eq(rmdir(sagas), 0);
    ck_assert_int_eq(symlink(folder, sagas), 0);
    ck_assert_int_eq(write_site(CONTRACTS, "site"), REJECT);
    ck_assert(!is_there("premium-upgrade.html"));
}
END_TEST

/* ---- the whole ---- */

static const char *const sites[] = {CONTRACTS, FIXTURES "/foreign", FIXTURES "/hostile", SHOP};

/* Name and content of every file, one after the other. */
static void gather(const char *name, struct buffer *out)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", folder, name);
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++) {
        AUTO(free_text) char *below = xasprintf("%s/%s", name, entries[i]->d_name);
        AUTO(free_text) char *full = xasprintf("%s/%s", folder, below);
        struct stat entry;
        ck_assert_int_eq(stat(full, &entry), 0);
        if (strcmp(entries[i]->d_name, ".") == 0 || strcmp(entries[i]->d_name, "..") == 0) {
            /* not below it */
        } else if (S_ISDIR(entry.st_mode)) {
            gather(below, out);
        } else {
            buffer_printf(out, "\n%s\n", strchr(below, '/'));
            read_file(below, out);
        }
        free(entries[i]);
    }
    free(entries);
}

START_TEST(the_same_contracts_give_the_same_bytes)
{
    AUTO(buffer_done) struct buffer first = {0};
    AUTO(buffer_done) struct buffer second = {0};
    ck_assert_msg(write_site(sites[_i], "first") == OK, "%s", fault.text);
    ck_assert_msg(write_site(sites[_i], "second") == OK, "%s", fault.text);
    gather("first", &first);
    gather("second", &second);
    ck_assert_str_eq(buffer_cstr(&first), buffer_cstr(&second));
    ck_assert_msg(strstr(buffer_cstr(&first), folder) == NULL, "a path of this machine");
}
END_TEST

/* In pages, `<` and `>` come from our own formats: nothing of the fixture may be an element. */
START_TEST(of_many_events_with_one_name_a_page_lists_the_first)
{
    enum { EVENTS = 60, SHOWN = 50 };
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, "asyncapi: 3.0.0\ninfo: {title: Many, version: 1.0.0}\nchannels:\n");
    for (int i = 0; i < EVENTS; i++) {
        buffer_printf(&text, "  c%d: {address: many.%d, messages: {Done: {payload: true}}}\n", i,
                      i);
    }
    put_file("many.yaml", buffer_cstr(&text));
    AUTO(free_text) char *contract = xasprintf("%s/many.yaml", folder);
    ck_assert_msg(write_site(contract, "site") == OK, "%s", fault.text);
    buffer_clear(&text);
    read_file("site/events/Done.html", &text);
    ck_assert_ptr_nonnull(strstr(buffer_cstr(&text), "<code>many.50</code>"));
    ck_assert_ptr_null(strstr(buffer_cstr(&text), "<code>many.51</code>"));
    AUTO(free_text) char *rest = xasprintf("<li>and %d more</li>", EVENTS - 1 - SHOWN);
    ck_assert_ptr_nonnull(strstr(buffer_cstr(&text), rest));
}
END_TEST

START_TEST(hostile_texts_are_text_in_every_file)
{
    static const char *const raw[] = {"<script>",
                                      "</script><",
                                      "<img",
                                      "<b>",
                                      "<i>",
                                      "<x>",
                                      "onmouseover='",
                                      "<style>",
                                      "\033",
                                      "\a",
                                      "href=\"javascript:",
                                      "\xe2\x80\xae"};
    ck_assert_msg(write_site(FIXTURES "/hostile", "site") == OK, "%s", fault.text);
    AUTO(buffer_done) struct buffer all = {0};
    gather("site/events", &all);
    gather("site/services", &all);
    gather("site/sagas", &all);
    read_file("site/index.html", &all);
    for (size_t i = 0; i < COUNT_OF(raw); i++) {
        ck_assert_msg(strstr(buffer_cstr(&all), raw[i]) == NULL, "%s", raw[i]);
    }
    ck_assert(strstr(buffer_cstr(&all), "&lt;img src=x onerror=") != NULL);
    ck_assert(strstr(buffer_cstr(&all), "&lt;style&gt;") != NULL);
    ck_assert(strstr(buffer_cstr(&all), "href=\"https://example.org/") == NULL); /* it has quotes */
    /* Two names that differ in case alone, and one that is the folder above. */
    ck_assert(is_there("site/events/TWINS.html"));
    ck_assert(is_there("site/events/twins-2.html"));
    ck_assert(is_there("site/events/unnamed.html"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("doc");
    tcase_set_timeout(tests, 60); /* the sanitizers on a busy machine */
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, prose_is_rendered_and_markup_stays_text, 0, COUNT_OF(prose));
    tcase_add_test(tests, marks_without_end_take_no_time);
    tcase_add_test(tests, formats_escape_what_is_put_in);
    tcase_add_test(tests, json_is_cut_between_characters);
    tcase_add_test(tests, a_folder_is_made_and_written_to_again);
    tcase_add_test(tests, a_folder_of_somebody_is_left_alone);
    tcase_add_test(tests, the_list_of_files_removes_nothing_but_pages);
    tcase_add_test(tests, symbolic_links_are_replaced_or_refused);
    tcase_add_loop_test(tests, the_same_contracts_give_the_same_bytes, 0, COUNT_OF(sites));
    tcase_add_test(tests, of_many_events_with_one_name_a_page_lists_the_first);
    tcase_add_test(tests, hostile_texts_are_text_in_every_file);
    Suite *suite = suite_create("doc");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
