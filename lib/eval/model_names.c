/* SPDX-License-Identifier: Apache-2.0 */
#include "model_names.h"

#include <string.h>

#include "eval.h"
#include "options.h"
#include "status.h"
#include "text.h"

#define NAME_SIZE 32
#define MOST_NAMES 64

int32_t seqd_model_name_check(const char *name, size_t length, bool *network, seqd_error *error)
{
    char texts[MOST_NAMES][NAME_SIZE];
    const char *names[MOST_NAMES];
    int32_t count = 0;
    seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
    SEQD_CHECK(seqd_option_describe(SEQD_OPT_MODEL, &info, error));
    for (const char *at = info.choices; *at != '\0' && count < MOST_NAMES;) {
        const size_t size = strcspn(at, "|");
        if (size < NAME_SIZE) {
            memcpy(texts[count], at, size);
            texts[count++][size] = '\0';
        }
        at += size + (at[size] == '|');
    }
    const int32_t networks = count;
    for (int32_t i = 0; i < seqd_baseline_count() && count < MOST_NAMES; i++)
        seqd_copy_text(texts[count++], NAME_SIZE, seqd_baseline_name(i));

    for (int32_t i = 0; i < count; i++) {
        names[i] = texts[i];
        if (strlen(texts[i]) == length && memcmp(texts[i], name, length) == 0) {
            *network = i < networks;
            return SEQD_OK;
        }
    }
    char quoted[SEQD_QUOTE_SIZE];
    seqd_quote(name, length, quoted);
    const int32_t near = seqd_nearest_name(quoted, names, count);
    if (near >= 0)
        return seqd_fail(error, SEQD_E_OPTION, "unknown model '%s': did you mean '%s'?", quoted, names[near]);
    return seqd_fail(error, SEQD_E_OPTION, "unknown model '%s': see options model and baselines", quoted);
}
