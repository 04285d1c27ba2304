/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/draw.h"

#include "contracts/doc/html.h"
#include "core/text.h"

#include <string.h>

double draw_text_width(const char *text)
{
    static const double narrow = 8.6;
    static const double wide = 14; /* Chinese and the like, and what we do not know */
    double width = 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t bytes = text_code_point(text + i, length - i, &point);
        width += point < 0x80 && strchr("MWmw@%", (int)point) == NULL ? narrow : wide;
        i += bytes > 0 ? bytes : 1;
    }
    return width;
}

const char *draw_cut(struct arena *arena, const char *text)
{
    enum { TEXT_MAX_PIXELS = 300 };
    if (draw_text_width(text) <= TEXT_MAX_PIXELS) {
        return text;
    }
    size_t length = strlen(text);
    char *cut = arena_text(arena, text, length);
    while (length > 0 && draw_text_width(cut) > TEXT_MAX_PIXELS - 14) {
        length--;
        while (length > 0 && ((unsigned char)cut[length] & 0xc0U) == 0x80U) {
            length--;
        }
        cut[length] = '\0';
    }
    return arena_printf(arena, "%s…", cut);
}

void draw_curve_right(struct buffer *out, double x1, double y1, double x2, double y2)
{
    double middle = (x1 + x2) / 2;
    html_add(out, "<path class=\"arrow\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>", x1, y1,
             middle, y1, middle, y2, x2, y2);
}
