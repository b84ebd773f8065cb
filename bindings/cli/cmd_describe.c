/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Bounds as they are meant: whole numbers in full, large ones short. */
static const char *bound(double value, char *text)
{
    bool whole = value > -1e7 && value < 1e7 && value == (double)(int64_t)value;
    snprintf(text, 32, whole ? "%.0f" : "%.6g", value);
    return text;
}

static bool has_range(const seqd_option_info *o)
{
    return o->minimum != o->maximum;
}

static void print_words(FILE *file, const seqd_option_info *o, const char *before, const char *between,
                        const char *after)
{
    fputs(before, file);
    for (const char *p = o->choices; *p != '\0'; p++) {
        if (*p == '|') fputs(between, file);
        else fputc(*p, file);
    }
    fputs(after, file);
}

static void print_option(FILE *file, const seqd_option_info *o)
{
    char low[32], high[32];
    fprintf(file, "  %-20s %s", o->name, o->type);
    if (o->choices[0] != '\0') print_words(file, o, ": ", ", ", "");
    else if (has_range(o)) fprintf(file, " from %s to %s", bound(o->minimum, low), bound(o->maximum, high));
    if (o->default_value[0] != '\0') fprintf(file, "; default %s", o->default_value);
    if (o->scope[0] != '\0') fprintf(file, "; only with %s", o->scope);
    fprintf(file, "\n      %s\n", o->help);
}

static void print_json_option(FILE *file, const seqd_option_info *o)
{
    static const char *const keys[] = { "name", "type", "group", "default", "help", "scope" };
    const char *const values[] = { o->name, o->type, o->group, o->default_value, o->help, o->scope };
    for (int32_t i = 0; i < 6; i++) {
        fprintf(file, i == 0 ? "{\"%s\":" : ",\"%s\":", keys[i]);
        cli_json_text(file, values[i]);
    }
    fputs(",\"choices\":", file);
    if (o->choices[0] != '\0') print_words(file, o, "[\"", "\",\"", "\"]");
    else fputs("[]", file);
    fputs(",\"minimum\":", file);
    if (has_range(o)) cli_json_number(file, o->minimum);
    else fputs("null", file);
    fputs(",\"maximum\":", file);
    if (has_range(o)) cli_json_number(file, o->maximum);
    else fputs("null", file);
    fputc('}', file);
}

static void print_markdown_option(FILE *file, const seqd_option_info *o)
{
    char low[32], high[32];
    fprintf(file, "| `%s` | %s | ", o->name, o->type);
    if (o->choices[0] != '\0') print_words(file, o, "`", "`, `", "`");
    else if (has_range(o)) fprintf(file, "%s to %s", bound(o->minimum, low), bound(o->maximum, high));
    fputs(" | ", file);
    if (o->default_value[0] != '\0') fprintf(file, "`%s`", o->default_value);
    fputs(" | ", file);
    if (o->scope[0] != '\0') fprintf(file, "`%s`", o->scope);
    fputs(" | ", file);
    for (const char *p = o->help; *p != '\0'; p++) {
        if (*p == '|' || *p == '<') fputc('\\', file);
        fputc(*p, file);
    }
    fputs(" |\n", file);
}

static const char markdown_head[] =
    "# Options\n\n"
    "Every setting of the library has one name. It serves in `seqd_options_set_str` and its like, as a flag of the\n"
    "command line (`--hidden-size 64`), in a file read by `--config` (`hidden_size = 64`), and in the model file.\n"
    "A list is separated by commas. A range given for a list holds for each member.\n\n"
    "The column *only with* says where an option has an effect, as conditions on others that must all hold; `a/b` is one\n"
    "or the other. Set elsewhere to something else than its default, an option is refused by whatever is made from the\n"
    "options: a dataset refuses those under Data, a model and a trainer those under Model and Training as well, a\n"
    "backtest, an ensemble of several kinds or a search what concerns none of its models. Simple methods (`naive`,\n"
    "`croston`, ...) read `horizon`, `season_length`, `moving_window` and `smoothing` and pass over the rest. A `--config` file may\n"
    "state an experiment that several models share: what it sets for another kind of model gives a warning, not an error.\n\n"
    "This page is written by `seqdemand describe --markdown`.\n";

/* The options of a group stand together in the table, so a heading is due where the group changes. */
static int list_options(cli *c, FILE *file)
{
    bool json = c->flags[CLI_FLAG_JSON] != NULL, markdown = c->flags[CLI_FLAG_MARKDOWN] != NULL;
    const char *group = "";
    if (json) fputs("{\"options\":[", file);
    if (markdown) fputs(markdown_head, file);
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        seqd_option_info info = { .struct_size = (uint32_t)sizeof info };
        if (seqd_options_describe(i, &info, &c->error) != SEQD_OK) return cli_failed(c);
        bool new_group = strcmp(group, info.group) != 0;
        group = info.group;
        if (json) {
            if (i > 0) fputc(',', file);
            print_json_option(file, &info);
        } else if (markdown) {
            if (new_group)
                fprintf(file, "\n## %c%s\n\n| name | type | accepts | default | only with | meaning |\n|---|---|---|---|---|---|\n",
                        group[0] - 'a' + 'A', group + 1);
            print_markdown_option(file, &info);
        } else {
            if (new_group) fprintf(file, "%s%s\n", i > 0 ? "\n" : "", group);
            print_option(file, &info);
        }
    }
    if (json) fputs("]}\n", file);
    return CLI_OK;
}

static int print_parameters(cli *c, const seqd_model *model, FILE *file, bool json)
{
    int64_t total = 0;
    fputs(json ? "},\"parameters\":[" : "\nparameters\n", file);
    for (int32_t i = 0; i < seqd_model_parameter_count(model); i++) {
        seqd_parameter_info info = { .struct_size = (uint32_t)sizeof info };
        if (seqd_model_parameter_info(model, i, &info, &c->error) != SEQD_OK) return cli_failed(c);
        total += info.count;
        if (json) {
            fputs(i > 0 ? ",{\"name\":" : "{\"name\":", file);
            cli_json_text(file, info.name);
            fprintf(file, ",\"shape\":[%lld", (long long)info.shape[0]);
            if (info.rank > 1) fprintf(file, ",%lld", (long long)info.shape[1]);
            fputs("]}", file);
        } else {
            fprintf(file, "  %-28s %lld", info.name, (long long)info.shape[0]);
            if (info.rank > 1) fprintf(file, " x %lld", (long long)info.shape[1]);
            fputc('\n', file);
        }
    }
    if (json) fputs("]}\n", file);
    else fprintf(file, "  %-28s %s numbers\n", "together", cli_count(total));
    return CLI_OK;
}

static int print_card(cli *c, const seqd_model *model, FILE *file)
{
    bool json = c->flags[CLI_FLAG_JSON] != NULL;
    if (json) fputs("{\"card\":{", file);
    for (int32_t i = 0; i < seqd_model_card_count(model); i++) {
        const char *key = NULL, *value = NULL;
        if (seqd_model_card(model, i, &key, &value, &c->error) != SEQD_OK) return cli_failed(c);
        if (json) {
            if (i > 0) fputc(',', file);
            cli_json_text(file, key);
            fputc(':', file);
            cli_json_text(file, value);
        } else {
            fprintf(file, "%-20s %s\n", key, value);
        }
    }
    return print_parameters(c, model, file, json);
}

int cli_describe(cli *c)
{
    cli_output output;
    seqd_model *model = NULL;
    if (c->flags[CLI_FLAG_MARKDOWN] != NULL && (c->flags[CLI_FLAG_JSON] != NULL || c->operand != NULL))
        return cli_wrong(c, "--markdown writes the page of the options and goes with nothing else");
    int status = cli_output_open(c, c->flags[CLI_FLAG_OUT], &output);
    if (status != CLI_OK) return status;
    if (c->operand == NULL) status = list_options(c, output.file);
    else if (seqd_model_load(c->context, c->operand, &model, &c->error) != SEQD_OK) status = cli_failed(c);
    else status = print_card(c, model, output.file);
    if (status == CLI_OK) status = cli_output_finish(c, &output);
    cli_output_release(&output);
    seqd_model_release(model);
    return status;
}
