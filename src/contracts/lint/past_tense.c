/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/past_tense.h"

#include "core/memory.h"

#include <ctype.h>
#include <string.h>

/* clang-format off */
static const char *const participles[] = {
    "begun", "bent", "bet", "bid", "bitten", "blown", "bought", "bound", "bred", "broken", "brought", "built", "burnt",
    "burst", "cast", "caught", "chosen", "come", "cut", "dealt", "done", "drawn", "driven", "drunk", "dug", "eaten",
    "fallen", "fed", "felt", "flown", "forbidden", "forecast", "forgiven", "forgotten", "fought", "found", "frozen",
    "given", "gone", "gotten", "got", "grown", "heard", "held", "hidden", "hit", "hurt", "kept", "known", "laid", "lain",
    "learnt", "led", "left", "lent", "let", "lit", "lost", "made", "meant", "met", "mistaken", "overridden", "overrun",
    "paid", "proven", "put", "quit", "read", "rebuilt", "redone", "remade", "repaid", "reran", "rerun", "reset", "resent",
    "rewritten", "ridden", "risen", "rung", "run", "said", "sat", "seen", "sent", "set", "shaken", "shed", "shot", "shown",
    "shrunk", "shut", "slept", "sold", "sought", "spent", "split", "spoken", "spread", "sprung", "stolen", "stood",
    "struck", "stuck", "sunk", "swept", "sworn", "swum", "taken", "taught", "thought", "thrown", "told", "torn",
    "understood", "undertaken", "undone", "unset", "upset", "withdrawn", "withheld", "woken", "won", "worn", "wound",
    "written", "overdrawn", "withstood", "foreseen", "unbound", "unfrozen", "offset", "input", "output", "undersold",
};

/* They end like participles and are none. */
static const char *const nouns[] = {
    "bed", "bleed", "breed", "creed", "deed", "embed", "exceed", "feed", "greed", "hundred", "kindred", "need", "newsfeed",
    "proceed", "red", "reed", "sacred", "seed", "shed", "sled", "speed", "succeed", "thread", "weed", "indeed", "heed",
};

/* What may follow: UserLoggedIn, OrderSentOut. */
static const char *const adverbs[] = {
    "in", "out", "up", "down", "on", "off", "back", "over", "away", "through", "again",
};
/* clang-format on */

static bool is_listed(const char *word, size_t length, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && strncasecmp(words[i], word, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Where the last word of the first `length` letters begins. */
static size_t word_start(const char *name, size_t length)
{
    size_t start = length;
    while (start > 0) {
        start--;
        bool is_first = start == 0 || !isalpha((unsigned char)name[start - 1]);
        bool is_after_lower = start > 0 && !isupper((unsigned char)name[start - 1]);
        bool is_before_lower = start + 1 < length && islower((unsigned char)name[start + 1]);
        if (is_first ||
            (isupper((unsigned char)name[start]) && (is_after_lower || is_before_lower))) {
            break;
        }
    }
    return start;
}

static bool is_participle(const char *word, size_t length)
{
    if (is_listed(word, length, participles, COUNT_OF(participles))) {
        return true;
    }
    return length > 3 && strncasecmp(word + length - 2, "ed", 2) == 0 &&
           !is_listed(word, length, nouns, COUNT_OF(nouns));
}

bool past_tense_is_fact(const char *name)
{
    size_t length = strlen(name);
    while (length > 0 && !isalpha((unsigned char)name[length - 1])) {
        length--;
    }
    size_t start = word_start(name, length);
    if (start > 0 && is_listed(name + start, length - start, adverbs, COUNT_OF(adverbs))) {
        length = start;
        start = word_start(name, length);
    }
    return start > 0 && is_participle(name + start, length - start);
}
