package dev.strata.udfs.model;

/** Mistral 7B and its successors; MistralConfig in Hugging Face transformers. */
final class MistralFamily implements ModelFamily {

  private static final int DEFAULT_WINDOW = 4_096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    int window = window(config);
    return new DecoderSpecReader(config, modelType())
        .defaultContextLength(131_072)
        .defaultKeyValueHeads(8)
        .window(layer -> window)
        .read();
  }

  /** A null means no window, where an absent field means the default one. */
  private static int window(JsonFields config) {
    String name = "sliding_window";
    return config.isNull(name) ? 0 : config.sizeOr(name, DEFAULT_WINDOW);
  }
}
