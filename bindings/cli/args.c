/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct {
    const char *name;
    const char *value;
    unsigned commands;
} flag_table[CLI_FLAG_COUNT] = {
#define X(id, name, value, commands, help) { (name), (value), (commands) },
    CLI_FLAG_TABLE(X)
#undef X
};

/* Short names of options that are asked for often. */
static const struct {
    const char *name;
    const char *option;
} aliases[] = {
    { "id", "id_column" },
    { "time", "time_column" },
    { "target", "target_column" },
    { "in_stock", "in_stock_column" },
    { "static", "static_columns" },
    { "static_real", "static_real_columns" },
    { "known", "known_columns" },
    { "past", "past_columns" },
    { "season", "season_length" },
};
#define ALIAS_COUNT ((int32_t)(sizeof aliases / sizeof aliases[0]))

/* Flags are told with '-', as they are usually typed; inside, names are those of the option table. */
static char *dashed(const char *name)
{
    char *text = cli_copy(name);
    for (char *p = text; *p != '\0'; p++)
        if (*p == '_') *p = '-';
    return text;
}

const char *cli_flag_name(cli_flag flag)
{
    static char text[32];
    size_t length = strlen(flag_table[flag].name);
    for (size_t i = 0; i <= length; i++) text[i] = flag_table[flag].name[i] == '_' ? '-' : flag_table[flag].name[i];
    return text;
}

int cli_need(const cli *c, cli_flag flag)
{
    if (c->flags[flag] != NULL) return CLI_OK;
    return cli_wrong(c, "--%s %s is needed", cli_flag_name(flag), flag_table[flag].value);
}

/* Letters to insert, delete, replace or swap with a neighbour to turn a into b; both at most 63 long. */
static int32_t distance(const char *a, const char *b)
{
    int32_t rows[3][64], m = (int32_t)strlen(a), n = (int32_t)strlen(b);
    if (m > 63 || n > 63) return 1000;
    for (int32_t j = 0; j <= n; j++) rows[0][j] = j;
    for (int32_t i = 1; i <= m; i++) {
        int32_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        now[0] = i;
        for (int32_t j = 1; j <= n; j++) {
            int32_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best) best = before[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[m % 3][n];
}

const char *cli_nearest(const char *word, const char *const *names, int32_t count)
{
    const char *nearest = NULL;
    int32_t length = (int32_t)strlen(word), best = 1 + (length > 3) + length / 5;
    for (int32_t i = 0; i < count; i++) {
        int32_t d = distance(word, names[i]);
        /* "hidden" for "hidden_size": the beginning of a name is near to it, however much is left. */
        if (d > 1 && length >= 4 && strncmp(word, names[i], (size_t)length) == 0) d = 1;
        if (d < best || (d == best && nearest == NULL)) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}

static const char *option_of_alias(const char *name)
{
    for (int32_t i = 0; i < ALIAS_COUNT; i++)
        if (strcmp(name, aliases[i].name) == 0) return aliases[i].option;
    return name;
}

static bool find_option(const char *name, seqd_option_info *info)
{
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        info->struct_size = (uint32_t)sizeof *info;
        if (seqd_options_describe(i, info, NULL) == SEQD_OK && strcmp(info->name, name) == 0) return true;
    }
    return false;
}

/* Where a model file or a finished forecast is used, only options about reading data still have a meaning. */
static bool option_applies(const cli *c, const seqd_option_info *info)
{
    if (c->command->bit == CLI_DESCRIBE) return false;
    if ((c->command->bit & CLI_TRAINING) != 0 || strcmp(info->group, "data") == 0) return true;
    return (c->command->bit & (CLI_STOCKED | CLI_EXPLAIN)) != 0 && strcmp(info->name, "seed") == 0;
}

static int unknown_flag(const cli *c, const char *name)
{
    const char **names = cli_alloc((size_t)(CLI_FLAG_COUNT + ALIAS_COUNT + seqd_options_count()), sizeof *names);
    int32_t count = 0;
    for (int32_t i = 0; i < CLI_FLAG_COUNT; i++)
        if ((flag_table[i].commands & c->command->bit) != 0) names[count++] = flag_table[i].name;
    for (int32_t i = 0; i < ALIAS_COUNT && c->command->bit != CLI_DESCRIBE; i++) names[count++] = aliases[i].name;
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        if (seqd_options_describe(i, &info, NULL) == SEQD_OK && option_applies(c, &info)) names[count++] = info.name;
    }
    const char *nearest = cli_nearest(name, names, count);
    char *given = dashed(name), *meant = dashed(nearest != NULL ? nearest : "");
    if (nearest != NULL) cli_wrong(c, "unknown flag --%s; did you mean --%s?", given, meant);
    else cli_wrong(c, "unknown flag --%s", given);
    free(given);
    free(meant);
    free(names);
    return CLI_USAGE;
}

/* `name` is owned by the list from here on. */
static int add_setting(cli *c, char *name, const char *value)
{
    seqd_option_info info;
    char *known = cli_copy(option_of_alias(name));
    free(name);
    c->settings = cli_grow(c->settings, (size_t)c->setting_count + 1, sizeof *c->settings);
    c->settings[c->setting_count++] = (cli_setting){ known, value };
    /* A name that no option has is left to the library, which knows what is near. */
    if (!find_option(known, &info) || option_applies(c, &info)) return CLI_OK;
    return cli_wrong(c, "%s is an option of train, tune and backtest; here it is as the model has it", known);
}

/* One flag; `attached` is what followed '=', or NULL; *index moves when the value is the next word. */
static int parse_flag(cli *c, char *name, const char *attached, int argc, char **argv, int *index)
{
    seqd_option_info info;
    int32_t flag = 0;
    if (strcmp(name, "review_period") == 0) strcpy(name, "review");
    while (flag < CLI_FLAG_COUNT
           && ((flag_table[flag].commands & c->command->bit) == 0 || strcmp(name, flag_table[flag].name) != 0))
        flag++;
    bool is_flag = flag < CLI_FLAG_COUNT;
    if (!is_flag && (c->command->bit == CLI_DESCRIBE || !find_option(option_of_alias(name), &info))) {
        int status = unknown_flag(c, name);
        free(name);
        return status;
    }
    const char *value = attached;
    char *shown = dashed(name);
    int status = CLI_OK;
    if (is_flag && flag_table[flag].value == NULL) {
        if (attached != NULL) status = cli_wrong(c, "--%s takes no value", shown);
        value = "";
    } else if (attached == NULL) {
        if (*index + 1 >= argc || strncmp(argv[*index + 1], "--", 2) == 0)
            status = cli_wrong(c, "--%s needs a value", shown);
        else value = argv[++*index];
    }
    free(shown);
    if (status != CLI_OK || (is_flag && flag != CLI_FLAG_SET && flag != CLI_FLAG_RANGE)) {
        if (status == CLI_OK) c->flags[flag] = value;
        free(name);
        return status;
    }
    if (!is_flag) return add_setting(c, name, value);
    free(name);
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value)
        return cli_wrong(c, "--%s takes name=%s, not '%s'", flag == CLI_FLAG_SET ? "set" : "range",
                         flag == CLI_FLAG_SET ? "value" : "range", value);
    char *key = cli_copy(value);
    key[equals - value] = '\0';
    for (char *p = key; *p != '\0'; p++)
        if (*p == '-') *p = '_';
    if (flag == CLI_FLAG_SET) return add_setting(c, key, equals + 1);
    c->ranges = cli_grow(c->ranges, (size_t)c->range_count + 1, sizeof *c->ranges);
    c->ranges[c->range_count++] = (cli_setting){ cli_copy(option_of_alias(key)), equals + 1 };
    free(key);
    return CLI_OK;
}

int cli_parse(cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "-h") == 0) word = "--help";
        if (strcmp(word, "-q") == 0) word = "--quiet";
        if (strncmp(word, "--", 2) != 0 || word[2] == '\0') {
            if (word[0] == '-' && word[1] != '\0') return cli_wrong(c, "unknown flag %s", word);
            if (c->command->bit != CLI_DESCRIBE || c->operand != NULL)
                return cli_wrong(c, "'%s' belongs to no flag", word);
            c->operand = word;
            continue;
        }
        const char *equals = strchr(word, '=');
        char *name = cli_copy(word + 2);
        if (equals != NULL) name[equals - word - 2] = '\0';
        for (char *p = name; *p != '\0'; p++)
            if (*p == '-') *p = '_';
        int status = parse_flag(c, name, equals != NULL ? equals + 1 : NULL, argc, argv, &i);
        if (status != CLI_OK) return status;
    }
    return CLI_OK;
}

void cli_parse_release(cli *c)
{
    for (int32_t i = 0; i < c->setting_count; i++) free(c->settings[i].name);
    free(c->settings);
    c->settings = NULL;
    c->setting_count = 0;
    for (int32_t i = 0; i < c->range_count; i++) free(c->ranges[i].name);
    free(c->ranges);
    c->ranges = NULL;
    c->range_count = 0;
}
