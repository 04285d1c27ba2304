/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/similar.h"

#include <ctype.h>
#include <string.h>

/* What is compared: lower case, without what people forget. Returns its length, -1: too long. */
static int fold(const char *word, char *out)
{
    int length = 0;
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '-' || *at == '_') {
            continue;
        }
        if (length == SIMILAR_MAX_BYTES) {
            return -1;
        }
        out[length++] = (char)tolower((unsigned char)*at);
    }
    return length;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Damerau's distance with neighbours swapped at most once: three rows of its table are enough. */
static int edits(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][SIMILAR_MAX_BYTES + 1];
    for (int j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= a_length; i++) {
        const int *above = rows[(i - 1) % 3];
        const int *twice = rows[(i + 1) % 3];
        int *row = rows[i % 3];
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], twice[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

int similar_distance(const char *a, const char *b)
{
    char left[SIMILAR_MAX_BYTES];
    char right[SIMILAR_MAX_BYTES];
    int left_length = fold(a, left);
    int right_length = fold(b, right);
    if (left_length < 0 || right_length < 0) {
        return SIMILAR_FAR;
    }
    /* Three letters may have one wrong, from five on two; shorter words are all alike. */
    int shorter = least(left_length, right_length);
    int allowed = shorter < 3 ? 0 : shorter < 5 ? 1 : 2;
    int difference = left_length - right_length;
    if (difference > allowed || -difference > allowed) {
        return SIMILAR_FAR;
    }
    int distance = edits(left, left_length, right, right_length);
    return distance <= allowed ? distance : SIMILAR_FAR;
}

const char *similar_find(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    int best = SIMILAR_FAR;
    for (size_t i = 0; i < count; i++) {
        int distance = similar_distance(word, words[i]);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
