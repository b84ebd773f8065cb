/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQDEMAND_MODEL_H
#define SEQDEMAND_MODEL_H

#include <seqdemand/dataset.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A model: a recurrent network and everything needed to use it (options, column map, dictionaries, scaling).
 *
 * The network reads a series step by step and answers, after each step t, the distribution of the next `horizon`
 * values at once:
 *
 *   x_t      inputs of step t: scaled target, its lags, observed mark, log scale, age, calendar, covariates
 *   h_t      the state of the last recurrent layer
 *   u_{t,k}  = relu(A_k h_t + F f_{t+k} + G s + L l_{t,k} + b_k)   k = 1..horizon, decoder_size wide
 *   o_{t,k}  = V u_{t,k} + S l_{t,k} + c                           the parameters that the head asks for
 *
 * f are the features of a future step known in advance, s the static features of the series, and l the values of the
 * same season before, as of step t. Scaling at t uses steps up to t only (option `scaler`), so nothing of the future
 * reaches a training example.
 *
 * With the scaler z = (y - loc) / scale at step t, the numbers o say (sp: softplus, sp(x) = log(1 + exp(x))):
 *   mse, mae, huber    o = z. Quantiles come from the residuals of held-out steps
 *   quantile           one level of z each, told as steps from level 0.5 outwards, so that they cannot cross
 *   gaussian           mean loc + scale o0, deviation scale (sp(o1) + 0.001)
 *   student_t          centre and scale as those, degrees of freedom 2 + sp(o2)
 *   poisson            mean scale sp(o0)
 *   negative_binomial  mean mu = scale sp(o0), dispersion alpha = sp(o1) / sqrt(scale); variance mu + alpha mu^2
 *   zero_inflated_negative_binomial   the same counts with the probability 1 - sig(o2), else a zero
 *   tweedie            mean mu = scale sp(o0), dispersion phi = scale^(2-p) (sp(o1) + 0.001); variance phi mu^p, p being
 *                      option tweedie_power: the law of z moved to y
 * The last four need values from 0 upwards, scaler mean_abs or none, and no differencing. gaussian and student_t of a
 * logarithm (scaler=log1p) are told as curves through 15 levels. Losses are -log likelihoods, of z for gaussian,
 * student_t and tweedie, of y without the term lgamma(y+1) for the counts.
 *
 * LSTM (gate order i, f, g, o):           GRU (gate order r, z, n; linear before reset):
 *   i = sig(Wi x + bi + Ui h + bi')         r = sig(Wr x + br + Ur h + br')
 *   f = sig(Wf x + bf + Uf h + bf')         z = sig(Wz x + bz + Uz h + bz')
 *   g = tanh(Wg x + bg + Ug h + bg')        n = tanh(Wn x + bn + r * (Un h + bn'))
 *   o = sig(Wo x + bo + Uo h + bo')         h' = (1 - z) * n + z * h
 *   c' = f * c + i * g;  h' = o * tanh(c')
 *
 * GRU with reset_after=0 (reset before the product; Cho et al. 2014, Keras with reset_after=False) has
 *   n = tanh(Wn x + bn + Un (r * h) + bn')
 * in its place; of its two biases only the sum counts, for every gate. Plain RNN (Elman 1990, torch.nn.RNN):
 *   h' = tanh(W x + b + U h + b'), or max(0, ...) with nonlinearity=relu
 * Names, shapes and gate order of the recurrent weights are those of torch.nn.LSTM, torch.nn.GRU and torch.nn.RNN:
 * rnn.weight_ih_l0 (gates by inputs, the static features' columns last), rnn.weight_hh_l0, rnn.bias_ih_l0,
 * rnn.bias_hh_l0. Other orders are a matter of exchanging rows: examples/import_weights.py does so for Keras.
 *
 * A layer of a stack is  recurrence -> layer norm -> + the layer's input -> dropout,  each as its option asks for:
 *   bidirectional      a second recurrence of the same size reads from the last step to the first, with weights
 *                      rnn.weight_ih_l0_reverse ...; the states of both stand side by side, forwards first. A forecast then needs a window's
 *                      end: training counts the last step of windows that are a horizon apart, and there are no streams
 *   dilations          d: step t + d goes on from the state of step t, d sequences beside each other, each from zero
 *                      (Chang et al. 2017)
 *   layer_norm         (h - mean) / sqrt(variance + 1e-5) * rnn.norm_l0.weight + rnn.norm_l0.bias over the units of a
 *                      step (Ba et al. 2016, torch.nn.LayerNorm)
 *   residual           the input is added where it is as wide as the output; other layers are as without it
 *   dropout            units are 0 or divided by what is kept, drawn anew for each step (training only)
 *   recurrent_dropout  the same of h where it goes into U h (and U (r * h)), one mask for a sequence (Gal & Ghahramani
 *                      2016); the z * h of a GRU stays whole. Native backend
 *
 * model=encdec answers after the last step T of a window alone. h_j are the states of the encoder (hidden_size,
 * encoder_cell), s_k those of the decoder's last layer, k = 1..horizon:
 *   s_0 = tanh(W h_T + b) in each layer, LSTM: hidden and cell ("decoder.start_l0.weight", ...)
 *   x_k = [told_k, c_k (additive), f_{T+k}, l_{T,k}, s]; told_k is the scaled value before step k: the last one seen,
 *         then the true one (teacher forcing) or the median or mean of the forecast itself, as a number without gradient;
 *         on events the embedding of the answer before; nothing with decoding=one_shot
 *   s_k = cell(x_k, s_{k-1})
 *   attention=additive     e_j = v . tanh(Wq s_{k-1} + b + Wk h_j), c_k = sum_j a_j h_j, p_k = [s_k, c_k]
 *             dot          e_j = s_k . h_j                        p_k = tanh(Wc [c_k, s_k])
 *             general      e_j = s_k . W h_j                      p_k = tanh(Wc [c_k, s_k])
 *             multihead    c_k as torch.nn.MultiheadAttention,    p_k = s_k + c_k
 *             none                                                p_k = s_k
 *   a = softmax(e) over the steps that belong to the series;  o_k = V p_k + S l_{T,k} + c
 *
 * Thread rule: any number of threads may predict from one model; while a trainer runs on it, other use of its
 * parameters is answered SEQD_E_BUSY.
 */
typedef struct seqd_model seqd_model;

/*
 * Makes an untrained model for the data: options of the group "model" give the network, the dataset gives
 * columns, dictionaries, frequency and the automatic choices (head, lags). Initial weights come from option `seed`.
 * Errors: SEQD_E_OPTION, SEQD_E_DATA, SEQD_E_LIMIT, SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_model_create(seqd_context *context, const seqd_options *options, seqd_dataset *dataset,
                                   seqd_model **out, seqd_error *error);
SEQD_API void seqd_model_release(seqd_model *model);

/*
 * One file, written beside its final place and moved there, so that a reader sees the old file or the new one.
 * Its bytes depend on the model alone. Loading checks every byte (CRC-32C) and bounds every size before it allocates.
 * Errors: SEQD_E_IO; load: SEQD_E_FORMAT, SEQD_E_VERSION, SEQD_E_LIMIT, SEQD_E_NOMEM. Save: SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_model_save(const seqd_model *model, const char *path, seqd_error *error);
SEQD_API int32_t seqd_model_load(seqd_context *context, const char *path, seqd_model **out, seqd_error *error);

/*
 * The same in memory. `*size` takes the room at `bytes` and gives the bytes needed; with `bytes` NULL only the size
 * is told. Errors: SEQD_E_ARG when the room is too small (`*size` is then set).
 */
SEQD_API int32_t seqd_model_save_memory(const seqd_model *model, void *bytes, size_t *size, seqd_error *error);
SEQD_API int32_t seqd_model_load_memory(seqd_context *context, const void *bytes, size_t size, seqd_model **out,
                                        seqd_error *error);

/* A new options handle with every setting of the model: to read the data to predict from in the same way. */
SEQD_API int32_t seqd_model_get_options(const seqd_model *model, seqd_options **out, seqd_error *error);

/*
 * Sizes of the maps of attention that seqd_predictor_attention gives. Errors: SEQD_E_UNSUPPORTED when the model has none
 * (anything but model=encdec with an attention, or an ensemble).
 */
SEQD_API int32_t seqd_model_attention_shape(const seqd_model *model, int32_t *heads, int32_t *horizon,
                                            int32_t *context_length, seqd_error *error);

/* Steps answered per forecast. */
SEQD_API int32_t seqd_model_horizon(const seqd_model *model);

/*
 * The card of the model: lines of key and value (created by, network, inputs, training range, losses).
 * Strings live as long as the model. Errors: SEQD_E_ARG.
 */
SEQD_API int32_t seqd_model_card_count(const seqd_model *model);
SEQD_API int32_t seqd_model_card(const seqd_model *model, int32_t index, const char **key, const char **value,
                                 seqd_error *error);

/* One tensor of parameters, row-major. Grown only at the end. */
typedef struct seqd_parameter_info {
    uint32_t struct_size;
    const char *name;    /* such as "rnn.weight_ih_l0"; lives as long as the model */
    int32_t rank;        /* 1 or 2 */
    int64_t shape[2];    /* [1] is 1 for rank 1 */
    int64_t count;       /* product of the shape */
} seqd_parameter_info;

SEQD_API int32_t seqd_model_parameter_count(const seqd_model *model);
SEQD_API int32_t seqd_model_parameter_info(const seqd_model *model, int32_t index, seqd_parameter_info *info,
                                           seqd_error *error);
/*
 * Copies a tensor out or in; `count` is its number of values. Non-finite values are refused.
 * Errors: SEQD_E_ARG (unknown name, wrong count), SEQD_E_DATA, SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_model_get_parameter(const seqd_model *model, const char *name, float *values, int64_t count,
                                          seqd_error *error);
SEQD_API int32_t seqd_model_set_parameter(seqd_model *model, const char *name, const float *values, int64_t count,
                                          seqd_error *error);

/*
 * Makes a new model for other data or settings that starts from the weights of a trained one, for a trainer to go on
 * with (option `freeze` keeps some of them as they are). `options` NULL: the settings of the model. The data must have
 * the columns of the model; scaling, statistics and, where their options are the same, lags and calendar stay those of
 * the model. Of the weights are taken over: every tensor with the name and shape of one in the old model; of embeddings
 * the rows of the categories that both know, found by their text, and that of the unknown; the outputs only where head
 * and classes are the same. All else, such as the rows of new categories and a new head, starts as in a new model. A
 * panel keeps the categories of both; embeddings keep their widths unless `embedding_size` is another. With the same
 * settings, and categories that were known, the new model forecasts as the old one before it is trained.
 * The card tells `carried_parameters`, and the log (SEQD_LOG_INFO) names each tensor that starts fresh.
 * Errors: as seqd_model_create; SEQD_E_DATA (other columns), SEQD_E_UNSUPPORTED (an ensemble), SEQD_E_BUSY.
 */
SEQD_API int32_t seqd_model_adapt(seqd_model *model, const seqd_options *options, seqd_dataset *dataset,
                                  seqd_model **out, seqd_error *error);

/*
 * Makes one model of several: an ensemble. The members must answer the same question (task, horizon, frequency, classes)
 * and read data in the same way; they may be networks of any kind and head. They are shared, not copied; members of an
 * ensemble among them become members themselves, so that all count the same.
 *
 * `how` is "mean" or "median". Forecasts: where all members have a normal or all a negative binomial distribution, or
 * quantiles at the same levels, each parameter becomes the mean (median) of the members'; any other mixture becomes
 * quantiles at 25 levels from 0.005 to 0.995, each the mean (median) of the members' quantiles there, with the mean
 * (median) of their means. Of classes the probabilities are combined, and brought to a sum of 1. Sample paths follow
 * the combined distribution, with the members' correlations averaged.
 *
 * An ensemble predicts and is saved and loaded as any model, in one file. It has no parameters and no trainer of its own,
 * and streams refuse it: take a member.
 * Errors: SEQD_E_ARG (fewer than two, members that do not fit together, another word than these), SEQD_E_LIMIT (more
 * than 100), SEQD_E_NOMEM.
 */
SEQD_API int32_t seqd_model_combine(seqd_model *const *models, int32_t count, const char *how, seqd_model **out,
                                    seqd_error *error);
/* 0 for a model that is no ensemble. */
SEQD_API int32_t seqd_model_member_count(const seqd_model *model);
/* A reference to a member, to be released. Errors: SEQD_E_ARG. */
SEQD_API int32_t seqd_model_member(const seqd_model *model, int32_t index, seqd_model **out, seqd_error *error);

#ifdef __cplusplus
}
#endif

#endif
