package dev.strata.udfs.model;

/** Qwen3, dense; Qwen3Config in Hugging Face transformers. */
final class Qwen3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    boolean attentionBias = config.flagOr("attention_bias", false);
    return new DecoderSpecReader(config, modelType())
        .defaultContextLength(32_768)
        .defaultKeyValueHeads(32)
        .defaultHeadDim(128)
        .queryKeyValueBias(attentionBias)
        .attentionOutputBias(attentionBias)
        .queryKeyNorm(true)
        .window(QwenWindows.read(config))
        .read();
  }
}
