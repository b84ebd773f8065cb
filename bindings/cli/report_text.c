/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

void report_escape(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&#39;", file); break;
        default: fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, file);
        }
    }
}

const char *report_number(double value, char *text)
{
    double size = value < 0 ? -value : value;
    if (value != value) return "\xe2\x80\x93";
    if (size >= 1e15) snprintf(text, 48, "%.3g", value);
    else if (size >= 99.95) snprintf(text, 48, "%s", cli_count((int64_t)(value + (value < 0 ? -0.5 : 0.5))));
    else if (size == (double)(int64_t)size) snprintf(text, 48, "%d", (int)value);
    else snprintf(text, 48, size >= 9.995 ? "%.1f" : "%.2f", value);
    return text;
}
