/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "alloc.h"
#include "context.h"
#include "file.h"
#include "options.h"
#include "status.h"

typedef struct lines {
    seqd_context *context;
    char *text;
    size_t size, capacity;
    bool failed;
} lines;

static void put(lines *out, const char *text)
{
    const size_t length = strlen(text);
    size_t need;
    if (out->failed) return;
    if (!seqd_add_size(out->size, length + 1, &need) ||
        !seqd_grow(out->context, (void **)&out->text, &out->capacity, need, 1)) {
        out->failed = true;
        return;
    }
    memcpy(out->text + out->size, text, length + 1);
    out->size += length;
}

static int32_t write_lines(const seqd_options *options, lines *out, seqd_error *error)
{
    const char *group = "";
    for (int32_t i = 0; i < SEQD_OPT_COUNT; i++) {
        const char *value = options->text[i];
        if (!value) continue;
        /* What the reader of these files would take for the end of a value, it must not meet. */
        const bool quotes = strchr(value, '#') != NULL || value[0] == '"' || value[0] == '\0';
        if (strpbrk(value, "\r\n") || (quotes && strchr(value, '"')))
            return seqd_fail(error, SEQD_E_OPTION, "option '%s': its value cannot stand in a file of options",
                             seqd_option_name((seqd_option_id)i));
        if (strcmp(group, seqd_option_group((seqd_option_id)i)) != 0) {
            put(out, group[0] ? "\n# " : "# ");
            put(out, group = seqd_option_group((seqd_option_id)i));
            put(out, "\n");
        }
        put(out, seqd_option_name((seqd_option_id)i));
        put(out, quotes ? " = \"" : " = ");
        put(out, value);
        put(out, quotes ? "\"\n" : "\n");
    }
    return SEQD_OK;
}

int32_t seqd_options_write_file(const seqd_options *options, const char *path, seqd_error *error)
{
    lines out = { .context = options->context };
    int32_t status = write_lines(options, &out, error);
    put(&out, "");
    if (status == SEQD_OK && out.failed) status = seqd_fail_alloc(options->context, out.size, error);
    if (status == SEQD_OK) status = seqd_file_replace(options->context, path, out.text, out.size, error);
    seqd_free(options->context, out.text);
    return status;
}
