// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The layout of a struct of the C header: struct_size, then members of natural alignment. "i" is int32_t, "q" int64_t,
 * "d" double, "s" const char *.
 */
final class Struct {
    static final Struct OPTION_INFO =
        new Struct("s:name s:type s:group s:default_value s:choices d:minimum d:maximum s:help");
    static final Struct PROGRESS = new Struct("i:epoch q:step q:total_steps d:train_loss d:validation_loss d:best_loss "
        + "d:learning_rate d:elapsed_seconds d:remaining_seconds s:task");
    static final Struct DATASET_SUMMARY = new Struct("q:rows q:series q:steps q:observed q:zeros q:missing q:filled "
        + "q:merged q:negative q:negative_changed q:clipped q:out_of_stock q:future_steps q:labelled q:classes "
        + "q:unnamed");
    static final Struct TRAINING_SUMMARY = new Struct("q:steps q:best_step d:train_loss d:best_loss d:seconds q:series "
        + "q:series_left_out q:windows");
    static final Struct PARAMETER_INFO = new Struct("s:name i:rank q:rows q:columns q:count");
    static final Struct METRICS = new Struct("d:smape d:mase d:rmsse d:wape d:rmse d:bias d:wql d:coverage80 q:series "
        + "q:points q:mase_left_out q:rmsse_left_out");
    static final Struct BACKTEST_ROW = new Struct("s:model d:fit_seconds d:predict_seconds");
    static final Struct ANSWER_METRICS = new Struct("i:classes q:count q:left_out d:accuracy d:precision d:recall d:f1 "
        + "d:auroc d:aupr d:log_loss d:mae d:rmse d:mape q:mape_left_out");
    static final Struct CLASS_METRICS =
        new Struct("q:count q:told q:right d:precision d:recall d:f1 d:auroc d:aupr");
    static final Struct STOCK = new Struct("i:lead_time i:review_period i:service d:on_hand d:on_order d:service_level "
        + "d:pack_size d:min_order d:lead_time_std");
    static final Struct REORDER = new Struct("i:alert i:stockout_step d:lead_time_demand_mean d:lead_time_demand_std "
        + "d:protection_demand_mean d:protection_demand_std d:safety_stock d:reorder_point d:order_up_to d:position "
        + "d:order_quantity d:stockout_probability d:fill_rate");
    static final Struct IMPORTANCE_ROW = new Struct("s:feature s:kind d:rise d:deviation");
    static final Struct ATTRIBUTION_SUMMARY = new Struct("i:output d:value d:baseline d:gap");
    static final Struct TRIAL = new Struct("i:trial i:round i:status q:steps d:score s:message");

    private final Map<String, Integer> offsets = new LinkedHashMap<>();
    private final int size;

    private Struct(String members) {
        int at = 4;
        for (String member : members.split(" ")) {
            int width = member.charAt(0) == 'i' ? 4 : 8;
            at = (at + width - 1) / width * width;
            offsets.put(member.substring(2), at);
            at += width;
        }
        size = (at + 7) / 8 * 8;
    }

    interface Filler {
        int of(Pointer out, Pointer error);
    }

    int size() {
        return size;
    }

    /** An empty struct, with its size. */
    Values make() {
        Memory memory = new Memory(size);
        memory.clear();
        memory.setInt(0, size);
        return new Values(memory);
    }

    /** A struct that a call fills in. */
    Values filled(Filler filler) {
        Values values = make();
        Call.check(error -> filler.of(values.memory, error));
        return values;
    }

    Values at(Pointer pointer) {
        return new Values(pointer);
    }

    /** Members by name. */
    final class Values {
        final Pointer memory;

        private Values(Pointer memory) {
            this.memory = memory;
        }

        private int offset(String name) {
            Integer offset = offsets.get(name);
            if (offset == null) {
                throw new IllegalArgumentException(name);
            }
            return offset;
        }

        int int32(String name) {
            return memory.getInt(offset(name));
        }

        long int64(String name) {
            return memory.getLong(offset(name));
        }

        double number(String name) {
            return memory.getDouble(offset(name));
        }

        String text(String name) {
            Pointer text = memory.getPointer(offset(name));
            return text == null ? null : text.getString(0, "UTF-8");
        }

        Values set(String name, int value) {
            memory.setInt(offset(name), value);
            return this;
        }

        Values set(String name, double value) {
            memory.setDouble(offset(name), value);
            return this;
        }
    }
}
