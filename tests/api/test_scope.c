/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings without effect: every option that has a scope, beside every kind of model and task, is refused by what is
 * made from the options exactly where its scope does not hold; comparisons and shared files take what concerns others.
 */
#include "rig.h"

#include <unistd.h>

static seqd_error error = SEQD_ERROR_INIT;
static seqd_context *context;
static int warnings;
static char warning[256];

static void listen(void *user, int32_t level, const char *line)
{
    (void)user;
    if (level != SEQD_LOG_WARNING) return;
    warnings++;
    (void)snprintf(warning, sizeof warning, "%s", line);
}

static int set_up(void **state)
{
    (void)state;
    context = rig_context(NULL);
    return seqd_context_set_log(context, listen, NULL, SEQD_LOG_WARNING, &error);
}

static int tear_down(void **state)
{
    (void)state;
    seqd_context_release(context);
    return 0;
}

static bool describe(const char *name, size_t length, seqd_option_info *info)
{
    for (int32_t i = 0; i < seqd_options_count(); i++) {
        *info = (seqd_option_info){.struct_size = sizeof *info};
        RIG_OK(seqd_options_describe(i, info, &error));
        if (strlen(info->name) == length && memcmp(info->name, name, length) == 0) return true;
    }
    return false;
}

/* Is `word` one of the words of a list that `between` separates? */
static bool among(const char *word, size_t size, const char *list, size_t length, char between)
{
    for (size_t i = 0; i + size <= length; i++)
        if (memcmp(list + i, word, size) == 0 && (i == 0 || list[i - 1] == between) &&
            (i + size == length || list[i + size] == between))
            return true;
    return false;
}

/* A scope read anew, with its names and words checked against the table. */
static bool holds(const char *scope, const seqd_options *options)
{
    bool any = false, all = true;
    while (*scope) {
        const size_t length = strcspn(scope, " "), name = strcspn(scope, "= ");
        seqd_option_info key;
        if (length == 2 && memcmp(scope, "or", 2) == 0) {
            any = any || all;
            all = true;
        } else {
            const char *value, *words = scope + name + 1;
            if (!describe(scope, name, &key)) fail_msg("there is no option '%.*s'", (int)name, scope);
            RIG_OK(seqd_options_get_str(options, key.name, &value, &error));
            if (name == length) {
                all = all && strcmp(value, key.default_value) != 0;
            } else {
                const size_t size = length - name - 1;
                for (size_t at = 0, one; at < size; at += one + 1) {
                    one = strcspn(words + at, "/ ");
                    if (!among(words + at, one, key.choices, strlen(key.choices), '|'))
                        fail_msg("%s is not '%.*s'", key.name, (int)one, words + at);
                }
                all = all && among(value, strlen(value), words, size, '/');
            }
        }
        scope += length + (scope[length] == ' ');
    }
    return any || all;
}

/* Something that the option takes and that is not its default. */
static void other_value(const seqd_option_info *info, char value[64])
{
    if (strcmp(info->type, "choice") == 0) {
        const char *word = info->choices;
        while (strlen(info->default_value) == strcspn(word, "|") &&
               memcmp(word, info->default_value, strlen(info->default_value)) == 0)
            word += strcspn(word, "|") + 1;
        (void)snprintf(value, 64, "%.*s", (int)strcspn(word, "|"), word);
    } else if (strcmp(info->name, "quantiles") == 0) {
        (void)snprintf(value, 64, "0.3,0.5");
    } else if (strcmp(info->type, "names") == 0) {
        (void)snprintf(value, 64, "%s", "some");
    } else {
        const double low = info->minimum, standard = strtod(info->default_value, NULL);
        const double number = low < standard ? low : standard + (strncmp(info->type, "integer", 7) == 0 ? 1.0 : 0.25);
        (void)snprintf(value, 64, "%.17g", info->default_value[0] ? number : low);
    }
}

/* What the first refusal says of a setting without effect; "" where nothing has none. */
static void refusal(seqd_options *options, seqd_dataset *sales, seqd_dataset *events, char text[256])
{
    const char *task;
    seqd_dataset *made = NULL;
    seqd_model *model = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_options_get_str(options, "task", &task, &error));
    seqd_dataset *dataset = strcmp(task, "forecast") == 0 ? sales : events;
    int32_t status = seqd_dataset_create(context, options, &made, &error);
    if (status == SEQD_OK) status = seqd_model_create(context, options, dataset, &model, &error);
    if (status == SEQD_OK) status = seqd_trainer_create(model, dataset, options, NULL, &trainer, &error);
    const bool idle = status == SEQD_E_OPTION && strstr(error.message, "has no effect with");
    (void)snprintf(text, 256, "%s", idle ? error.message : "");
    if (status != SEQD_OK) assert_null(trainer);
    seqd_trainer_release(trainer);
    seqd_model_release(model);
    seqd_dataset_release(made);
}

static seqd_dataset *events_of(const seqd_options *options)
{
    rig_text text = {0};
    rig_print(&text, "user,time,event,n,label\n");
    for (int user = 0; user < 9; user++)
        for (int i = 0; i < 5; i++)
            rig_print(&text, "u%d,%d,%c,%d,%d\n", user, i, "abc"[(user + i * i) % 3], i * user % 5, (user + i) % 2);
    return rig_parse(context, options, text);
}

static seqd_options *options_of(const char *settings)
{
    seqd_options *options = NULL;
    RIG_OK(seqd_options_create(context, &options, &error));
    rig_set(options, settings);
    return options;
}

#define CLASSES "task=classify num_columns=n "
#define NUMBERS "task=regress num_columns=n "

static void every_option_beside_every_model(void **state)
{
    static const char *const kinds[] = {
        "model=lstm", "model=gru head=huber optimizer=sgd schedule=step", "model=rnn outliers=zscore head=mse",
        "model=mlp head=quantile optimizer=rmsprop", "model=linear head=mse optimizer=adamw",
        "model=encdec attention=additive encoder_cell=gru decoder_cell=rnn schedule=plateau head=tweedie",
        "model=encdec attention=dot decoding=one_shot outliers=quantile head=mse",
        "model=encdec attention=multihead encoder_cell=rnn decoder_cell=lstm head=mse",
        CLASSES "model=lstm", CLASSES "model=gru label=column", CLASSES "model=encdec", CLASSES "model=mlp",
        CLASSES "model=logistic", NUMBERS "model=rnn label=column", NUMBERS "model=mlp optimizer=adamw head=huber",
    };
    (void)state;
    seqd_options *of_classes = options_of(CLASSES), *of_numbers = options_of(NUMBERS), *of_sales = options_of("");
    seqd_dataset *sales = rig_dataset(context, of_sales, 3, 90);
    seqd_dataset *classes = events_of(of_classes), *numbers = events_of(of_numbers);
    int refused = 0, taken = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int32_t i = 0; i < seqd_options_count(); i++) {
            seqd_option_info info = {.struct_size = sizeof info};
            char value[64], named[96], told[256];
            RIG_OK(seqd_options_describe(i, &info, &error));
            if (info.scope[0] == '\0' || strcmp(info.group, "evaluation") == 0) continue;
            if (strstr(kinds[k], info.name)) continue; /* a kind is made by this very option */
            if (RIG_SANITIZED && (i + (int32_t)k) % 3 != 0) continue;
            seqd_options *options = options_of(kinds[k]);
            other_value(&info, value);
            RIG_OK(seqd_options_set_str(options, info.name, value, &error));
            const bool idle = !holds(info.scope, options);
            refusal(options, sales, strstr(kinds[k], "regress") ? numbers : classes, told);
            (void)snprintf(named, sizeof named, "option '%s' (", info.name);
            if (idle != (told[0] != '\0') || (idle && (!strstr(told, named) || !strstr(told, info.scope))))
                fail_msg("%s %s=%s: %s", kinds[k], info.name, value, told[0] ? told : "not refused");
            refused += idle;
            taken += !idle;
            /* at its default it is never refused */
            if (info.default_value[0]) {
                RIG_OK(seqd_options_set_str(options, info.name, info.default_value, &error));
                refusal(options, sales, strstr(kinds[k], "regress") ? numbers : classes, told);
                if (told[0]) fail_msg("%s %s=%s: %s", kinds[k], info.name, info.default_value, told);
            }
            seqd_options_release(options);
        }
    assert_true(refused > (RIG_SANITIZED ? 100 : 300) && taken > (RIG_SANITIZED ? 100 : 300));
    seqd_dataset_release(sales);
    seqd_dataset_release(classes);
    seqd_dataset_release(numbers);
    seqd_options_release(of_classes);
    seqd_options_release(of_numbers);
    seqd_options_release(of_sales);
}

#define TINY "freq=D horizon=4 context_length=10 lags=7 max_steps=2 val_every=1 batch_size=8 windows=1 "

static void comparisons(void **state)
{
    static const struct {
        const char *settings, *models, *refused;
    } table[] = {
        {"hidden_size=3 mlp_size=4", "lstm,mlp,seasonal_naive", NULL},
        {"hidden_size=3 attention=dot", "lstm,mlp", "attention"},
        {"hidden_size=3", "mlp,linear", "hidden_size"},
        {"hidden_size=3 attention=dot", "seasonal_naive,zero", NULL}, /* simple methods read nothing of a network */
        {"nonlinearity=relu reset_after=0 hidden_size=3", "rnn,gru", NULL},
        {"nonlinearity=relu hidden_size=3", "lstm,gru", "nonlinearity"},
        {"folds=3", "zero", "folds"},
        {"ensemble_size=2 combine=median hidden_size=3", "lstm", NULL},
        {"combine=median hidden_size=3", "lstm", "combine"},
        {"label_smoothing=0.1 hidden_size=3", "gru", "label_smoothing"},
    };
    (void)state;
    seqd_options *plain = options_of("");
    seqd_dataset *sales = rig_dataset(context, plain, 3, 60);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        seqd_options *options = options_of(TINY);
        seqd_backtest *backtest = NULL;
        rig_set(options, table[i].settings);
        RIG_EXPECT(table[i].refused ? SEQD_E_OPTION : SEQD_OK,
                   seqd_backtest_run(sales, options, table[i].models, &backtest, &error));
        if (table[i].refused && !strstr(error.message, table[i].refused)) fail_msg("%d: %s", (int)i, error.message);
        seqd_backtest_release(backtest);
        seqd_options_release(options);
    }
    static const char *const ensembles[][2] = {
        {"ensemble_models=lstm,mlp hidden_size=3 mlp_size=4 combine=median", NULL},
        {"ensemble_models=rnn,encdec hidden_size=3 decoder_hidden_size=3 nonlinearity=relu decoder_size=3", NULL},
        {"ensemble_models=lstm,mlp decoder_hidden_size=3", "decoder_hidden_size"},
        {"ensemble_size=2 model=mlp hidden_size=3", "hidden_size"},
    };
    for (size_t i = 0; i < sizeof ensembles / sizeof *ensembles; i++) {
        seqd_options *options = options_of(TINY);
        seqd_model *model = NULL;
        rig_set(options, ensembles[i][0]);
        RIG_EXPECT(ensembles[i][1] ? SEQD_E_OPTION : SEQD_OK,
                   seqd_ensemble_train(context, options, sales, &model, NULL, &error));
        if (ensembles[i][1] && !strstr(error.message, ensembles[i][1])) fail_msg("%d: %s", (int)i, error.message);
        seqd_model_release(model);
        seqd_options_release(options);
    }
    seqd_dataset_release(sales);
    seqd_options_release(plain);
}

static void searches(void **state)
{
    static const struct {
        const char *settings, *option, *range, *second, *second_range, *refused;
    } table[] = {
        {"mlp_size=4 hidden_size=3", "model", "lstm,mlp", "dropout", "0:0.3", NULL},
        {"attention=dot", "model", "lstm,mlp", "dropout", "0:0.3", "attention"},
        {"model=lstm", "attention", "dot,none", "dropout", "0:0.3", "attention"},
        {"hidden_size=3", "model", "lstm,mlp", "mlp_size", "2|4", NULL},
        {"reduction=2", "model", "lstm,mlp", "dropout", "0:0.3", "reduction"},
    };
    (void)state;
    seqd_options *plain = options_of("");
    seqd_dataset *sales = rig_dataset(context, plain, 3, 60);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        seqd_options *options = options_of(TINY "trials=4 ");
        seqd_tuner *tuner = NULL;
        int32_t trial;
        rig_set(options, table[i].settings);
        RIG_OK(seqd_tuner_create(options, &tuner, &error));
        RIG_OK(seqd_tuner_add_range(tuner, table[i].option, table[i].range, &error));
        RIG_OK(seqd_tuner_add_range(tuner, table[i].second, table[i].second_range, &error));
        RIG_EXPECT(table[i].refused ? SEQD_E_OPTION : SEQD_OK, seqd_tuner_step(tuner, sales, &trial, &error));
        if (table[i].refused && !strstr(error.message, table[i].refused)) fail_msg("%d: %s", (int)i, error.message);
        if (!table[i].refused) RIG_OK(seqd_tuner_run(tuner, sales, &error));
        for (int32_t place = 0; !table[i].refused && place < seqd_tuner_trial_count(tuner); place++) {
            seqd_trial told = {.struct_size = sizeof told};
            RIG_OK(seqd_tuner_get_trial(tuner, place, &told, &error));
            if (told.status != SEQD_OK) fail_msg("%d: %s", (int)i, told.message);
        }
        seqd_tuner_release(tuner);
        seqd_options_release(options);
    }
    seqd_dataset_release(sales);
    seqd_options_release(plain);
}

static seqd_options *load(const char *text)
{
    static const char path[] = "scope-options.conf";
    seqd_options *options = NULL;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    RIG_OK(seqd_options_create(context, &options, &error));
    RIG_OK(seqd_options_load(options, path, &error));
    assert_int_equal(unlink(path), 0);
    return options;
}

/* A file may state an experiment of several models: a warning. Another task, or another optimizer, is still refused. */
static void shared_files(void **state)
{
    static const struct {
        const char *text, *settings, *refused;
        int warnings;
    } table[] = {
        {"hidden_size = 3\nattention = dot\n", "model=mlp mlp_size=3", NULL, 2},
        {"hidden_size = 3\n", "model=mlp attention=dot", "attention", 1},
        {"label_smoothing = 0.1\n", "model=lstm hidden_size=3", "label_smoothing", 0},
        {"rho = 0.5\n", "hidden_size=3", "rho", 0},
        {"hidden_size = 3\n", "model=lstm", NULL, 0},
    };
    (void)state;
    seqd_options *plain = options_of("");
    seqd_dataset *sales = rig_dataset(context, plain, 3, 60);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        seqd_options *options = load(table[i].text);
        seqd_model *model = NULL;
        rig_set(options, TINY);
        rig_set(options, table[i].settings);
        warnings = 0;
        RIG_EXPECT(table[i].refused ? SEQD_E_OPTION : SEQD_OK,
                   seqd_model_create(context, options, sales, &model, &error));
        if (table[i].refused && !strstr(error.message, table[i].refused)) fail_msg("%d: %s", (int)i, error.message);
        if (!table[i].refused) assert_int_equal(warnings, table[i].warnings);
        if (table[i].warnings) assert_non_null(strstr(warning, "option '"));
        seqd_model_release(model);
        seqd_options_release(options);
    }
    seqd_dataset_release(sales);
    seqd_options_release(plain);
}

/* Settings that come with a model were asked for once; only what is asked for now is refused. */
static void inherited(void **state)
{
    (void)state;
    seqd_options *options = options_of(TINY "head=quantile quantiles=0.2,0.5 schedule=step step_size=3 hidden_size=3");
    seqd_dataset *sales = rig_dataset(context, options, 3, 60);
    seqd_model *model = rig_train(context, options, sales), *next = NULL;
    seqd_options *own = NULL;
    seqd_trainer *trainer = NULL;
    RIG_OK(seqd_model_get_options(model, &own, &error));
    rig_set(own, "head=mse schedule=cosine");
    RIG_OK(seqd_model_adapt(model, own, sales, &next, &error));
    RIG_OK(seqd_trainer_create(next, sales, own, NULL, &trainer, &error));
    seqd_trainer_release(trainer);
    seqd_model_release(next);
    next = NULL;
    rig_set(own, "step_gamma=0.25");
    RIG_EXPECT(SEQD_E_OPTION, seqd_model_adapt(model, own, sales, &next, &error));
    assert_non_null(strstr(error.message, "option 'step_gamma' (0.25) has no effect with schedule=cosine"));
    assert_null(next);
    seqd_options_release(own);
    seqd_model_release(model);
    seqd_dataset_release(sales);
    seqd_options_release(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_beside_every_model),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(searches),
        cmocka_unit_test(shared_files),
        cmocka_unit_test(inherited),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
