/**
 * From a row's columns to token ids and back: task prompts, chat templates, the tokenizer, and the
 * partition's texts and ids held off heap in Arrow vectors.
 *
 * <p>May import: {@code api}, {@code model}, {@code jinja}.
 */
package dev.strata.udfs.text;
