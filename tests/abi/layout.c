/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins the public structs: programs compiled against an older header hand them over as they were. A struct may grow at
 * its end only; then its SIZE and END lines change here, and its AT lines stay. abi_symbols fails when a struct, a
 * member or a constant of the public headers is missing here.
 */
#include <seqdemand/seqdemand.h>

#include <limits.h>
#include <stdio.h>

static int bad;

static void check(const char *what, size_t found, size_t expected)
{
    if (found == expected) return;
    printf("%s is %zu, expected %zu\n", what, found, expected);
    bad = 1;
}

#define SIZE(type, size) check("sizeof(" #type ")", sizeof(type), size)
#define AT(type, member, offset) check("offset of " #type "." #member, offsetof(type, member), offset)
/* Nothing but the last member stands at the end: a member added to it always makes the struct longer. */
#define END(type, last) \
    check("end of " #type "." #last, offsetof(type, last) + sizeof ((type *)NULL)->last, sizeof(type))
#define CODE(name, number) check(#name, (size_t)((name) + 100), (size_t)((number) + 100))

int main(void)
{
    CODE(SEQD_OK, 0);
    CODE(SEQD_STOPPED, 1);
    CODE(SEQD_E_ARG, -10);
    CODE(SEQD_E_STATE, -11);
    CODE(SEQD_E_BUSY, -12);
    CODE(SEQD_E_OPTION, -13);
    CODE(SEQD_E_NOMEM, -20);
    CODE(SEQD_E_LIMIT, -21);
    CODE(SEQD_E_IO, -30);
    CODE(SEQD_E_FORMAT, -31);
    CODE(SEQD_E_VERSION, -32);
    CODE(SEQD_E_DATA, -33);
    CODE(SEQD_E_DIVERGED, -40);
    CODE(SEQD_E_UNSUPPORTED, -50);
    CODE(SEQD_E_INTERNAL, -60);
    CODE(SEQD_ERROR_MESSAGE_SIZE, 256);
    CODE(SEQD_LOG_ERROR, 0);
    CODE(SEQD_LOG_WARNING, 1);
    CODE(SEQD_LOG_INFO, 2);
    CODE(SEQD_LOG_DEBUG, 3);
    CODE(SEQD_SERIES_OK, 0);
    CODE(SEQD_SERIES_SHORT, 1);
    CODE(SEQD_SERIES_ALL_ZERO, 2);
    CODE(SEQD_SERIES_EMPTY, 3);
    CODE(SEQD_SERVICE_CYCLE, 0);
    CODE(SEQD_SERVICE_FILL_RATE, 1);
    CODE(SEQD_ANSWER_END, 0);
    CODE(SEQD_ANSWER_LABELLED, 1);
    CODE(SEQD_ANSWER_EVERY, 2);
    CODE(ARROW_FLAG_DICTIONARY_ORDERED, 1);
    CODE(ARROW_FLAG_NULLABLE, 2);
    CODE(ARROW_FLAG_MAP_KEYS_SORTED, 4);

    if (sizeof(void *) != 8 || CHAR_BIT != 8) {
        puts("the pins are those of a 64-bit machine");
        return 77;
    }
    /* The Arrow C data and stream interfaces: fixed for good by their specification. */
    SIZE(struct ArrowSchema, 72);
    AT(struct ArrowSchema, format, 0);
    AT(struct ArrowSchema, name, 8);
    AT(struct ArrowSchema, metadata, 16);
    AT(struct ArrowSchema, flags, 24);
    AT(struct ArrowSchema, n_children, 32);
    AT(struct ArrowSchema, children, 40);
    AT(struct ArrowSchema, dictionary, 48);
    AT(struct ArrowSchema, release, 56);
    AT(struct ArrowSchema, private_data, 64);
    SIZE(struct ArrowArray, 80);
    AT(struct ArrowArray, length, 0);
    AT(struct ArrowArray, null_count, 8);
    AT(struct ArrowArray, offset, 16);
    AT(struct ArrowArray, n_buffers, 24);
    AT(struct ArrowArray, n_children, 32);
    AT(struct ArrowArray, buffers, 40);
    AT(struct ArrowArray, children, 48);
    AT(struct ArrowArray, dictionary, 56);
    AT(struct ArrowArray, release, 64);
    AT(struct ArrowArray, private_data, 72);
    SIZE(struct ArrowArrayStream, 40);
    AT(struct ArrowArrayStream, get_schema, 0);
    AT(struct ArrowArrayStream, get_next, 8);
    AT(struct ArrowArrayStream, get_last_error, 16);
    AT(struct ArrowArrayStream, release, 24);
    AT(struct ArrowArrayStream, private_data, 32);
    SIZE(seqd_error, 280);
    AT(seqd_error, struct_size, 0);
    AT(seqd_error, status, 4);
    AT(seqd_error, line, 8);
    AT(seqd_error, column, 16);
    AT(seqd_error, message, 24);
    END(seqd_error, message);
    SIZE(seqd_allocator, 32);
    AT(seqd_allocator, struct_size, 0);
    AT(seqd_allocator, user, 8);
    AT(seqd_allocator, allocate, 16);
    AT(seqd_allocator, release, 24);
    END(seqd_allocator, release);
    SIZE(seqd_progress, 80);
    AT(seqd_progress, struct_size, 0);
    AT(seqd_progress, epoch, 4);
    AT(seqd_progress, step, 8);
    AT(seqd_progress, total_steps, 16);
    AT(seqd_progress, train_loss, 24);
    AT(seqd_progress, validation_loss, 32);
    AT(seqd_progress, best_loss, 40);
    AT(seqd_progress, learning_rate, 48);
    AT(seqd_progress, elapsed_seconds, 56);
    AT(seqd_progress, remaining_seconds, 64);
    AT(seqd_progress, task, 72);
    END(seqd_progress, task);
    SIZE(seqd_option_info, 80);
    AT(seqd_option_info, struct_size, 0);
    AT(seqd_option_info, name, 8);
    AT(seqd_option_info, type, 16);
    AT(seqd_option_info, group, 24);
    AT(seqd_option_info, default_value, 32);
    AT(seqd_option_info, choices, 40);
    AT(seqd_option_info, minimum, 48);
    AT(seqd_option_info, maximum, 56);
    AT(seqd_option_info, help, 64);
    AT(seqd_option_info, scope, 72);
    END(seqd_option_info, scope);
    SIZE(seqd_dataset_summary, 136);
    AT(seqd_dataset_summary, struct_size, 0);
    AT(seqd_dataset_summary, rows, 8);
    AT(seqd_dataset_summary, series, 16);
    AT(seqd_dataset_summary, steps, 24);
    AT(seqd_dataset_summary, observed, 32);
    AT(seqd_dataset_summary, zeros, 40);
    AT(seqd_dataset_summary, missing, 48);
    AT(seqd_dataset_summary, filled, 56);
    AT(seqd_dataset_summary, merged, 64);
    AT(seqd_dataset_summary, negative, 72);
    AT(seqd_dataset_summary, negative_changed, 80);
    AT(seqd_dataset_summary, clipped, 88);
    AT(seqd_dataset_summary, out_of_stock, 96);
    AT(seqd_dataset_summary, future_steps, 104);
    AT(seqd_dataset_summary, labelled, 112);
    AT(seqd_dataset_summary, classes, 120);
    AT(seqd_dataset_summary, unnamed, 128);
    END(seqd_dataset_summary, unnamed);
    SIZE(seqd_parameter_info, 48);
    AT(seqd_parameter_info, struct_size, 0);
    AT(seqd_parameter_info, name, 8);
    AT(seqd_parameter_info, rank, 16);
    AT(seqd_parameter_info, shape, 24);
    AT(seqd_parameter_info, count, 40);
    END(seqd_parameter_info, count);
    SIZE(seqd_training_summary, 72);
    AT(seqd_training_summary, struct_size, 0);
    AT(seqd_training_summary, steps, 8);
    AT(seqd_training_summary, best_step, 16);
    AT(seqd_training_summary, train_loss, 24);
    AT(seqd_training_summary, best_loss, 32);
    AT(seqd_training_summary, seconds, 40);
    AT(seqd_training_summary, series, 48);
    AT(seqd_training_summary, series_left_out, 56);
    AT(seqd_training_summary, windows, 64);
    END(seqd_training_summary, windows);
    SIZE(seqd_metrics, 104);
    AT(seqd_metrics, struct_size, 0);
    AT(seqd_metrics, smape, 8);
    AT(seqd_metrics, mase, 16);
    AT(seqd_metrics, rmsse, 24);
    AT(seqd_metrics, wape, 32);
    AT(seqd_metrics, rmse, 40);
    AT(seqd_metrics, bias, 48);
    AT(seqd_metrics, wql, 56);
    AT(seqd_metrics, coverage80, 64);
    AT(seqd_metrics, series, 72);
    AT(seqd_metrics, points, 80);
    AT(seqd_metrics, mase_left_out, 88);
    AT(seqd_metrics, rmsse_left_out, 96);
    END(seqd_metrics, rmsse_left_out);
    SIZE(seqd_backtest_row, 32);
    AT(seqd_backtest_row, struct_size, 0);
    AT(seqd_backtest_row, model, 8);
    AT(seqd_backtest_row, fit_seconds, 16);
    AT(seqd_backtest_row, predict_seconds, 24);
    END(seqd_backtest_row, predict_seconds);
    SIZE(seqd_importance_row, 40);
    AT(seqd_importance_row, struct_size, 0);
    AT(seqd_importance_row, feature, 8);
    AT(seqd_importance_row, kind, 16);
    AT(seqd_importance_row, rise, 24);
    AT(seqd_importance_row, deviation, 32);
    END(seqd_importance_row, deviation);
    SIZE(seqd_attribution_summary, 32);
    AT(seqd_attribution_summary, struct_size, 0);
    AT(seqd_attribution_summary, output, 4);
    AT(seqd_attribution_summary, value, 8);
    AT(seqd_attribution_summary, baseline, 16);
    AT(seqd_attribution_summary, gap, 24);
    END(seqd_attribution_summary, gap);
    SIZE(seqd_answer_metrics, 112);
    AT(seqd_answer_metrics, struct_size, 0);
    AT(seqd_answer_metrics, classes, 4);
    AT(seqd_answer_metrics, count, 8);
    AT(seqd_answer_metrics, left_out, 16);
    AT(seqd_answer_metrics, accuracy, 24);
    AT(seqd_answer_metrics, precision, 32);
    AT(seqd_answer_metrics, recall, 40);
    AT(seqd_answer_metrics, f1, 48);
    AT(seqd_answer_metrics, auroc, 56);
    AT(seqd_answer_metrics, aupr, 64);
    AT(seqd_answer_metrics, log_loss, 72);
    AT(seqd_answer_metrics, mae, 80);
    AT(seqd_answer_metrics, rmse, 88);
    AT(seqd_answer_metrics, mape, 96);
    AT(seqd_answer_metrics, mape_left_out, 104);
    END(seqd_answer_metrics, mape_left_out);
    SIZE(seqd_class_metrics, 72);
    AT(seqd_class_metrics, struct_size, 0);
    AT(seqd_class_metrics, count, 8);
    AT(seqd_class_metrics, told, 16);
    AT(seqd_class_metrics, right, 24);
    AT(seqd_class_metrics, precision, 32);
    AT(seqd_class_metrics, recall, 40);
    AT(seqd_class_metrics, f1, 48);
    AT(seqd_class_metrics, auroc, 56);
    AT(seqd_class_metrics, aupr, 64);
    END(seqd_class_metrics, aupr);
    SIZE(seqd_trial, 40);
    AT(seqd_trial, struct_size, 0);
    AT(seqd_trial, trial, 4);
    AT(seqd_trial, round, 8);
    AT(seqd_trial, status, 12);
    AT(seqd_trial, steps, 16);
    AT(seqd_trial, score, 24);
    AT(seqd_trial, message, 32);
    END(seqd_trial, message);
    SIZE(seqd_stock, 64);
    AT(seqd_stock, struct_size, 0);
    AT(seqd_stock, lead_time, 4);
    AT(seqd_stock, review_period, 8);
    AT(seqd_stock, service, 12);
    AT(seqd_stock, on_hand, 16);
    AT(seqd_stock, on_order, 24);
    AT(seqd_stock, service_level, 32);
    AT(seqd_stock, pack_size, 40);
    AT(seqd_stock, min_order, 48);
    AT(seqd_stock, lead_time_std, 56);
    END(seqd_stock, lead_time_std);
    SIZE(seqd_reorder, 104);
    AT(seqd_reorder, struct_size, 0);
    AT(seqd_reorder, alert, 4);
    AT(seqd_reorder, stockout_step, 8);
    AT(seqd_reorder, lead_time_demand_mean, 16);
    AT(seqd_reorder, lead_time_demand_std, 24);
    AT(seqd_reorder, protection_demand_mean, 32);
    AT(seqd_reorder, protection_demand_std, 40);
    AT(seqd_reorder, safety_stock, 48);
    AT(seqd_reorder, reorder_point, 56);
    AT(seqd_reorder, order_up_to, 64);
    AT(seqd_reorder, position, 72);
    AT(seqd_reorder, order_quantity, 80);
    AT(seqd_reorder, stockout_probability, 88);
    AT(seqd_reorder, fill_rate, 96);
    END(seqd_reorder, fill_rate);
    return bad;
}
