// SPDX-License-Identifier: Apache-2.0
package seqdemand;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;

/** The functions of the C header that the classes of this package stand on. Handles are pointers. */
interface Lib extends Library {
    Lib C = Native.load("seqdemand", Lib.class);

    int OK = 0;
    int STOPPED = 1;

    @Structure.FieldOrder({"structSize", "status", "line", "column", "message"})
    class ErrorInfo extends Structure {
        public int structSize;
        public int status;
        public long line;
        public long column;
        public byte[] message = new byte[256];

        ErrorInfo() {
            structSize = size();
        }
    }

    @Structure.FieldOrder({"structSize", "alert", "stockoutStep", "leadTimeDemandMean", "leadTimeDemandStd",
        "protectionDemandMean", "protectionDemandStd", "safetyStock", "reorderPoint", "orderUpTo", "position",
        "orderQuantity", "stockoutProbability", "fillRate"})
    class ReorderInfo extends Structure {
        public int structSize;
        public int alert;
        public int stockoutStep;
        public double leadTimeDemandMean;
        public double leadTimeDemandStd;
        public double protectionDemandMean;
        public double protectionDemandStd;
        public double safetyStock;
        public double reorderPoint;
        public double orderUpTo;
        public double position;
        public double orderQuantity;
        public double stockoutProbability;
        public double fillRate;

        ReorderInfo() {
            structSize = size();
        }
    }

    @Structure.FieldOrder({"structSize", "leadTime", "reviewPeriod", "service", "onHand", "onOrder", "serviceLevel",
        "packSize", "minOrder", "leadTimeStd"})
    class StockInfo extends Structure {
        public int structSize;
        public int leadTime;
        public int reviewPeriod;
        public int service;
        public double onHand;
        public double onOrder;
        public double serviceLevel;
        public double packSize;
        public double minOrder;
        public double leadTimeStd;

        StockInfo() {
            structSize = size();
        }
    }

    /** Gets a pointer to seqd_progress; not zero stops. */
    interface ProgressCallback extends Callback {
        int invoke(Pointer user, Pointer progress);
    }

    String seqd_version_string();

    int seqd_context_create(Pointer allocator, PointerByReference out, ErrorInfo error);

    void seqd_context_release(Pointer context);

    int seqd_context_set_threads(Pointer context, int threads, ErrorInfo error);

    int seqd_context_set_progress(Pointer context, ProgressCallback progress, Pointer user, ErrorInfo error);

    long seqd_context_memory_in_use(Pointer context);

    int seqd_options_create(Pointer context, PointerByReference out, ErrorInfo error);

    void seqd_options_release(Pointer options);

    int seqd_options_set_str(Pointer options, String name, String value, ErrorInfo error);

    int seqd_dataset_read(Pointer context, Pointer options, String path, PointerByReference out, ErrorInfo error);

    int seqd_dataset_parse(Pointer context, Pointer options, byte[] text, long size, PointerByReference out,
        ErrorInfo error);

    void seqd_dataset_release(Pointer dataset);

    long seqd_dataset_series_count(Pointer dataset);

    String seqd_dataset_series_id(Pointer dataset, long series);

    long seqd_dataset_find_series(Pointer dataset, String id);

    long seqd_dataset_length(Pointer dataset, long series);

    int seqd_dataset_values(Pointer dataset, long series, long first, long count, double[] values, ErrorInfo error);

    int seqd_dataset_date(Pointer dataset, long series, long step, byte[] text, long size, ErrorInfo error);

    int seqd_model_create(Pointer context, Pointer options, Pointer dataset, PointerByReference out, ErrorInfo error);

    void seqd_model_release(Pointer model);

    int seqd_model_save(Pointer model, String path, ErrorInfo error);

    int seqd_model_load(Pointer context, String path, PointerByReference out, ErrorInfo error);

    int seqd_model_horizon(Pointer model);

    int seqd_trainer_create(Pointer model, Pointer dataset, Pointer options, Pointer optimizer,
        PointerByReference out, ErrorInfo error);

    void seqd_trainer_release(Pointer trainer);

    int seqd_trainer_run(Pointer trainer, ErrorInfo error);

    int seqd_predictor_create(Pointer model, PointerByReference out, ErrorInfo error);

    void seqd_predictor_release(Pointer predictor);

    int seqd_predictor_run(Pointer predictor, Pointer dataset, PointerByReference out, ErrorInfo error);

    void seqd_forecast_release(Pointer forecast);

    long seqd_forecast_series_count(Pointer forecast);

    int seqd_forecast_horizon(Pointer forecast);

    String seqd_forecast_series_id(Pointer forecast, long series);

    int seqd_forecast_mean(Pointer forecast, long series, double[] values, ErrorInfo error);

    int seqd_forecast_quantile(Pointer forecast, long series, double level, double[] values, ErrorInfo error);

    int seqd_forecast_paths(Pointer forecast, long series, int paths, long seed, double[] values, ErrorInfo error);

    int seqd_reorder_from_forecast(Pointer forecast, long series, StockInfo stock, int paths, long seed, ReorderInfo out,
        ErrorInfo error);
}
