/**
 * From a row's columns to token ids and back: task prompts, chat templates, the tokenizer, stop
 * strings, and the partition's rows and ids held off heap in Arrow vectors.
 *
 * <p>May import: {@code api}, {@code model}, {@code jinja}; of DJL, the tokenizers library alone.
 */
package dev.strata.udfs.text;
