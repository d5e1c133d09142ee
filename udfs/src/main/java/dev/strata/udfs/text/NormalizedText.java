package dev.strata.udfs.text;

/**
 * What a tokenizer's normalizer makes of a text.
 *
 * @param text null where it is not known
 * @param length the most chars that it has on the way, or may have
 */
record NormalizedText(String text, long length) {}
