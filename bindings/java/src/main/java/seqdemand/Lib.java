// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.PointerByReference;
import java.util.Map;

/** The functions of the C header that the classes of this package use. Handles, structs and errors are pointers. */
interface Lib extends Library {
    Lib C = Native.load("seqdemand", Lib.class, Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));

    int OK = 0;
    int STOPPED = 1;

    /** Gets a pointer to seqd_progress; not zero stops. */
    interface ProgressCallback extends Callback {
        int invoke(Pointer user, Pointer progress);
    }

    /** Gets a line of the log. */
    interface LogCallback extends Callback {
        void invoke(Pointer user, int level, Pointer line);
    }

    int seqd_dataset_from_arrow(Pointer context, Pointer options, Pointer stream, PointerByReference out,
        Pointer error);

    int seqd_forecast_to_arrow(Pointer forecast, Pointer dataset, double[] levels, int count, Pointer out,
        Pointer error);

    int seqd_prediction_to_arrow(Pointer prediction, Pointer out, Pointer error);

    String seqd_version_string();

    int seqd_context_create(Pointer allocator, PointerByReference out, Pointer error);

    void seqd_context_release(Pointer context);

    int seqd_context_set_log(Pointer context, LogCallback log, Pointer user, int maxLevel, Pointer error);

    int seqd_context_set_progress(Pointer context, ProgressCallback progress, Pointer user, Pointer error);

    int seqd_context_set_threads(Pointer context, int threads, Pointer error);

    int seqd_context_get_threads(Pointer context);

    int seqd_context_set_kernels(Pointer context, String level, Pointer error);

    String seqd_context_get_kernels(Pointer context);

    int seqd_context_set_limit(Pointer context, String name, long value, Pointer error);

    long seqd_context_memory_in_use(Pointer context);

    int seqd_cross_validation_run(Pointer dataset, Pointer options, PointerByReference out, Pointer error);

    void seqd_cross_validation_release(Pointer validation);

    int seqd_cross_validation_fold_count(Pointer validation);

    int seqd_cross_validation_get_fold(Pointer validation, int fold, Pointer metrics, Pointer error);

    int seqd_dataset_read(Pointer context, Pointer options, String path, PointerByReference out, Pointer error);

    int seqd_dataset_parse(Pointer context, Pointer options, byte[] text, long size, PointerByReference out,
        Pointer error);

    int seqd_dataset_create(Pointer context, Pointer options, PointerByReference out, Pointer error);

    int seqd_dataset_append_str(Pointer dataset, String column, StringArray values, long count, Pointer error);

    int seqd_dataset_append_i64(Pointer dataset, String column, long[] values, long count, Pointer error);

    int seqd_dataset_append_f64(Pointer dataset, String column, double[] values, long count, Pointer error);

    int seqd_dataset_seal(Pointer dataset, Pointer error);

    void seqd_dataset_release(Pointer dataset);

    int seqd_dataset_before(Pointer dataset, long steps, PointerByReference out, Pointer error);

    int seqd_dataset_split(Pointer dataset, String split, double fraction, long seed, PointerByReference first,
        PointerByReference rest, Pointer error);

    int seqd_dataset_fold(Pointer dataset, int folds, int fold, long seed, PointerByReference rest,
        PointerByReference held, Pointer error);

    int seqd_dataset_class_count(Pointer dataset);

    String seqd_dataset_class_name(Pointer dataset, int index);

    long seqd_dataset_series_count(Pointer dataset);

    String seqd_dataset_series_id(Pointer dataset, long series);

    long seqd_dataset_find_series(Pointer dataset, String uniqueId);

    long seqd_dataset_length(Pointer dataset, long series);

    int seqd_dataset_values(Pointer dataset, long series, long first, long count, double[] values, Pointer error);

    int seqd_dataset_date(Pointer dataset, long series, long step, byte[] text, long size, Pointer error);

    String seqd_dataset_frequency(Pointer dataset);

    int seqd_dataset_season(Pointer dataset);

    int seqd_dataset_summarize(Pointer dataset, Pointer summary, Pointer error);

    int seqd_evaluation_create(Pointer context, int season, double[] levels, int count, PointerByReference out,
        Pointer error);

    void seqd_evaluation_release(Pointer evaluation);

    int seqd_evaluation_add(Pointer evaluation, double[] history, long historyLength, double[] actual, double[] mean,
        double[] median, double[] quantiles, int horizon, Pointer error);

    int seqd_evaluation_result(Pointer evaluation, Pointer metrics, Pointer error);

    int seqd_baseline_forecast(Pointer dataset, Pointer options, String name, PointerByReference out, Pointer error);

    int seqd_backtest_run(Pointer dataset, Pointer options, String models, PointerByReference out, Pointer error);

    void seqd_backtest_release(Pointer backtest);

    int seqd_backtest_row_count(Pointer backtest);

    int seqd_backtest_get_row(Pointer backtest, int index, Pointer row, Pointer error);

    int seqd_backtest_get_metrics(Pointer backtest, int index, Pointer metrics, Pointer error);

    int seqd_importance_create(Pointer model, Pointer dataset, int repeats, long seed, PointerByReference out,
        Pointer error);

    void seqd_importance_release(Pointer importance);

    double seqd_importance_loss(Pointer importance);

    int seqd_importance_count(Pointer importance);

    int seqd_importance_get_row(Pointer importance, int index, Pointer row, Pointer error);

    int seqd_attribution_create(Pointer model, Pointer dataset, long series, int output, int points,
        PointerByReference out, Pointer error);

    void seqd_attribution_release(Pointer attribution);

    int seqd_attribution_summarize(Pointer attribution, Pointer summary, Pointer error);

    int seqd_attribution_step_count(Pointer attribution);

    long seqd_attribution_first_step(Pointer attribution);

    int seqd_attribution_feature_count(Pointer attribution);

    String seqd_attribution_feature_name(Pointer attribution, int feature);

    int seqd_attribution_values(Pointer attribution, int feature, double[] values, Pointer error);

    int seqd_reorder_from_forecast(Pointer forecast, long series, Pointer stock, int paths, long seed, Pointer out,
        Pointer error);

    int seqd_reorder_from_paths(Pointer context, double[] values, int paths, int horizon, Pointer stock, Pointer out,
        Pointer error);

    int seqd_model_create(Pointer context, Pointer options, Pointer dataset, PointerByReference out, Pointer error);

    void seqd_model_release(Pointer model);

    int seqd_model_save(Pointer model, String path, Pointer error);

    int seqd_model_load(Pointer context, String path, PointerByReference out, Pointer error);

    int seqd_model_save_memory(Pointer model, byte[] bytes, long[] size, Pointer error);

    int seqd_model_load_memory(Pointer context, byte[] bytes, long size, PointerByReference out, Pointer error);

    int seqd_model_get_options(Pointer model, PointerByReference out, Pointer error);

    int seqd_model_attention_shape(Pointer model, Pointer heads, Pointer horizon, Pointer contextLength, Pointer error);

    int seqd_model_horizon(Pointer model);

    int seqd_model_card_count(Pointer model);

    int seqd_model_card(Pointer model, int index, PointerByReference key, PointerByReference value, Pointer error);

    int seqd_model_parameter_count(Pointer model);

    int seqd_model_parameter_info(Pointer model, int index, Pointer info, Pointer error);

    int seqd_model_get_parameter(Pointer model, String name, float[] values, long count, Pointer error);

    int seqd_model_set_parameter(Pointer model, String name, float[] values, long count, Pointer error);

    int seqd_model_adapt(Pointer model, Pointer options, Pointer dataset, PointerByReference out, Pointer error);

    int seqd_model_combine(Pointer[] models, int count, String how, PointerByReference out, Pointer error);

    int seqd_model_member_count(Pointer model);

    int seqd_model_member(Pointer model, int index, PointerByReference out, Pointer error);

    int seqd_options_create(Pointer context, PointerByReference out, Pointer error);

    void seqd_options_release(Pointer options);

    int seqd_options_set_str(Pointer options, String name, String value, Pointer error);

    int seqd_options_get_str(Pointer options, String name, PointerByReference value, Pointer error);

    int seqd_options_load(Pointer options, String path, Pointer error);

    int seqd_options_count();

    int seqd_options_describe(int index, Pointer info, Pointer error);

    int seqd_predictor_answer(Pointer predictor, Pointer dataset, int which, PointerByReference out, Pointer error);

    int seqd_baseline_answer(Pointer train, Pointer dataset, int which, PointerByReference out, Pointer error);

    void seqd_prediction_release(Pointer prediction);

    long seqd_prediction_row_count(Pointer prediction);

    int seqd_prediction_answer_count(Pointer prediction);

    int seqd_prediction_class_count(Pointer prediction);

    String seqd_prediction_class_name(Pointer prediction, int index);

    String seqd_prediction_id(Pointer prediction, long row);

    long seqd_prediction_event(Pointer prediction, long row);

    double seqd_prediction_threshold(Pointer prediction);

    int seqd_prediction_scores(Pointer prediction, long row, double[] values, Pointer error);

    int seqd_prediction_classes(Pointer prediction, long row, int[] classes, Pointer error);

    int seqd_prediction_labels(Pointer prediction, long row, double[] values, Pointer error);

    int seqd_prediction_evaluate(Pointer prediction, Pointer metrics, Pointer error);

    int seqd_prediction_evaluate_class(Pointer prediction, int index, Pointer metrics, Pointer error);

    int seqd_prediction_confusion(Pointer prediction, long[] counts, Pointer error);

    int seqd_predictor_create(Pointer model, PointerByReference out, Pointer error);

    void seqd_predictor_release(Pointer predictor);

    int seqd_predictor_run(Pointer predictor, Pointer dataset, PointerByReference out, Pointer error);

    int seqd_predictor_attention(Pointer predictor, Pointer dataset, long series, float[] weights, long count,
        Pointer error);

    void seqd_forecast_release(Pointer forecast);

    long seqd_forecast_series_count(Pointer forecast);

    int seqd_forecast_horizon(Pointer forecast);

    String seqd_forecast_series_id(Pointer forecast, long series);

    long seqd_forecast_find_series(Pointer forecast, String uniqueId);

    int seqd_forecast_series_status(Pointer forecast, long series);

    int seqd_forecast_mean(Pointer forecast, long series, double[] values, Pointer error);

    int seqd_forecast_quantile(Pointer forecast, long series, double level, double[] values, Pointer error);

    int seqd_forecast_paths(Pointer forecast, long series, int paths, long seed, double[] values, Pointer error);

    int seqd_stream_create(Pointer model, Pointer dataset, PointerByReference out, Pointer error);

    void seqd_stream_release(Pointer stream);

    long seqd_stream_series_count(Pointer stream);

    String seqd_stream_series_id(Pointer stream, long series);

    long seqd_stream_length(Pointer stream, long series);

    int seqd_stream_horizon(Pointer stream);

    int seqd_stream_known_count(Pointer stream);

    String seqd_stream_known_name(Pointer stream, int column);

    int seqd_stream_past_count(Pointer stream);

    String seqd_stream_past_name(Pointer stream, int column);

    int seqd_stream_push(Pointer stream, long series, double y, int inStock, double[] known, int knownCount,
        double[] past, int pastCount, Pointer error);

    int seqd_stream_push_many(Pointer stream, double[] y, int[] inStock, long seriesCount, double[] known,
        int knownCount, double[] past, int pastCount, Pointer error);

    int seqd_stream_forecast(Pointer stream, long series, double[] known, int knownCount, double[] mean,
        double[] levels, int levelCount, double[] quantiles, Pointer error);

    int seqd_stream_run(Pointer stream, double[] known, long seriesCount, int knownCount, PointerByReference out,
        Pointer error);

    int seqd_trainer_create(Pointer model, Pointer dataset, Pointer options, Pointer optimizer,
        PointerByReference out, Pointer error);

    void seqd_trainer_release(Pointer trainer);

    int seqd_trainer_run(Pointer trainer, Pointer error);

    int seqd_trainer_step(Pointer trainer, long steps, double[] loss, Pointer error);

    int seqd_trainer_summarize(Pointer trainer, Pointer summary, Pointer error);

    int seqd_trainer_save(Pointer trainer, String path, Pointer error);

    int seqd_trainer_resume(Pointer context, String path, Pointer dataset, PointerByReference trainer,
        PointerByReference model, Pointer error);

    int seqd_trainer_update(Pointer context, String path, Pointer dataset, Pointer options,
        PointerByReference trainer, PointerByReference model, Pointer error);

    int seqd_ensemble_train(Pointer context, Pointer options, Pointer dataset, PointerByReference out,
        Pointer summary, Pointer error);

    int seqd_tuner_create(Pointer options, PointerByReference out, Pointer error);

    void seqd_tuner_release(Pointer tuner);

    int seqd_tuner_add_range(Pointer tuner, String option, String range, Pointer error);

    int seqd_tuner_open_state(Pointer tuner, Pointer dataset, String path, Pointer error);

    int seqd_tuner_run(Pointer tuner, Pointer dataset, Pointer error);

    int seqd_tuner_trial_count(Pointer tuner);

    int seqd_tuner_get_trial(Pointer tuner, int place, Pointer trial, Pointer error);

    int seqd_tuner_get_options(Pointer tuner, int trial, PointerByReference out, Pointer error);
}
