package dev.strata.udfs.text;

/**
 * The text that a model continues.
 *
 * @param addSpecialTokens whether the tokenizer adds its special tokens, since the text does not
 *     spell them
 */
public record RenderedPrompt(String text, boolean addSpecialTokens) {}
